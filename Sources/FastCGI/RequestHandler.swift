/// What a server does with its requests.
public protocol RequestHandler: AnyObject {
    /// A request has arrived.
    ///
    /// Its parameters can be read until it is answered; its body only during this call. It is answered by
    /// `connection.answer`, now, or later on the connection that `server.connection(running:)` finds for its id.
    func handle(_ connection: Connection<Self>, body: borrowing RequestBody)
}
