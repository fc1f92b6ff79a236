/// Handles a server's requests.
public protocol RequestHandler: AnyObject {
    /// The parameters that it reads, fifteen at most; each is read by its index here.
    ///
    /// They are found fastest in the order in which the web server sends them.
    static var parameterNames: [StaticString] { get }

    /// A request has arrived.
    ///
    /// Its parameters can be read until it is answered; its body only during this call. It is answered by
    /// `connection.answer`, or in parts by `connection.send` and `connection.endAnswer`, now, or later on the
    /// connection that `server.connection(running:)` finds for its id.
    func handle(_ connection: Connection<Self>, body: borrowing RequestBody)

    /// The socket has taken enough of the parts sent so far that more can be sent.
    ///
    /// Called each time that `connection.hasRoom` becomes true again.
    func connectionHasRoom(_ connection: Connection<Self>)

    /// The web server closed the connection while this request was running; an answer can no longer be sent.
    ///
    /// Called once, never from within another call of the handler or of the connection; the id finds no connection.
    func requestAbandoned(_ id: RequestID)
}
