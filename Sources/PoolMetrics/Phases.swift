/// The time of one request by phase, in nanoseconds.
public struct Phases {
    /// The names of the phases, in order.
    public static let names = ["queue", "verify", "database", "write"]

    /// From nginx to the worker, by nginx's clock: whole milliseconds.
    public var queue: UInt64
    /// Route, token, body.
    public var verify: UInt64
    /// From submission to the store until its result.
    public var database: UInt64
    /// Writing the answer and sending it to nginx.
    public var write: UInt64

    /// Creates phases; those not given are 0.
    public init(queue: UInt64 = 0, verify: UInt64 = 0, database: UInt64 = 0, write: UInt64 = 0) {
        self.queue = queue
        self.verify = verify
        self.database = database
        self.write = write
    }

    /// The time in the worker.
    public var inWorker: UInt64 { verify + database + write }

    /// The time since nginx had the request.
    public var total: UInt64 { queue + inWorker }
}
