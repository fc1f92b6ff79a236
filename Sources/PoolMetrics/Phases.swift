/// Where the time of one request went, in nanoseconds.
public struct Phases {
    /// The names of the phases of a request, in their order.
    public static let names = ["queue", "verify", "database", "write"]

    /// From nginx to the worker, as nginx's clock tells it: whole milliseconds.
    public var queue: UInt64
    /// Route, token, body.
    public var verify: UInt64
    /// From the store's taking it on to the result.
    public var database: UInt64
    /// Making the answer and handing it to nginx.
    public var write: UInt64

    /// Nothing has taken any time yet, but for what is given.
    public init(queue: UInt64 = 0, verify: UInt64 = 0, database: UInt64 = 0, write: UInt64 = 0) {
        self.queue = queue
        self.verify = verify
        self.database = database
        self.write = write
    }

    /// What the worker itself took.
    public var inWorker: UInt64 { verify + database + write }

    /// What the asker has waited, network aside.
    public var total: UInt64 { queue + inWorker }
}
