/// Where the time of one request went, in nanoseconds.
struct Phases {
    static let names = ["queue", "verify", "database", "write"]

    /// From nginx to the worker, as nginx's clock tells it: whole milliseconds.
    var queue: UInt64 = 0
    /// Route, token, body.
    var verify: UInt64 = 0
    /// From the store's taking it on to the result.
    var database: UInt64 = 0
    /// Making the answer and handing it to nginx.
    var write: UInt64 = 0

    /// What the worker itself took.
    var inWorker: UInt64 { verify + database + write }

    /// What the asker has waited, network aside.
    var total: UInt64 { queue + inWorker }
}
