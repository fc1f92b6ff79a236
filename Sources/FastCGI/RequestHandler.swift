/// What a server does with its requests.
public protocol RequestHandler: AnyObject {
    /// The parameters that it reads, fifteen at most; each is read by its index here.
    ///
    /// They are found fastest in the order in which the web server sends them.
    static var parameterNames: [StaticString] { get }

    /// A request has arrived.
    ///
    /// Its parameters can be read until it is answered; its body only during this call. It is answered by
    /// `connection.answer`, now, or later on the connection that `server.connection(running:)` finds for its id.
    func handle(_ connection: Connection<Self>, body: borrowing RequestBody)
}
