/// How the worker stands, as the open endpoints report it: its last knowledge, nothing is asked for it.
public struct ServiceState: Equatable, Sendable {
    /// Whether the worker has a usable connection to the database.
    public var databaseIsConnected: Bool
    /// Why it should get no requests, in a sentence that strangers may read; nil when it should.
    public var reasonNotReady: String?

    /// Joins what is known.
    public init(databaseIsConnected: Bool, reasonNotReady: String? = nil) {
        self.databaseIsConnected = databaseIsConnected
        self.reasonNotReady = reasonNotReady
    }
}
