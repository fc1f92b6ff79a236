/// The worker's state for `/health` and `/ready`, from what it knows already: no query is made for it.
public struct ServiceState: Equatable, Sendable {
    /// Whether the worker has a usable connection to the database.
    public var databaseIsConnected: Bool
    /// Why the worker is not ready, in a sentence for any client; nil when it is ready.
    public var reasonNotReady: String?

    /// Creates a state.
    public init(databaseIsConnected: Bool, reasonNotReady: String? = nil) {
        self.databaseIsConnected = databaseIsConnected
        self.reasonNotReady = reasonNotReady
    }
}
