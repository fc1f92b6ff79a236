/// The name an asker gives to an operation, to know its result by; the store does not look into it.
public typealias Ticket = UInt64

/// Keeps the tasks of all owners, each owner's apart.
public protocol TaskStore: AnyObject {
    /// How this store hands out tasks.
    associatedtype Rows: TaskRows

    /// Where every result goes, exactly once a ticket, after the parts of a long list; never from within `submit`.
    var receive: ((Ticket, TaskResult<Rows>) -> Void)? { get set }

    /// Takes an operation on; its result follows under the same ticket.
    ///
    /// - Parameter deadline: when the asker stops waiting, in nanoseconds of `CLOCK_MONOTONIC`; by then the store has
    ///   answered, with a failure if need be.
    func submit(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64)

    /// Holds back the parts of a list until `resume`; for other tickets nothing happens.
    func pause(_ ticket: Ticket)

    /// Goes on with a list that was held back.
    func resume(_ ticket: Ticket)
}

/// What became of an operation.
public enum TaskResult<Rows: TaskRows> {
    /// It was done. The rows are the tasks of a list, or the one task as it is now, of which only the id counts after a
    /// delete; none when the owner has no such task.
    case done(Rows)
    /// The next rows of a long list; more follow, under the same ticket: further parts, then `done` with the last rows, or
    /// `failed`.
    case part(Rows)
    /// It was not done, or nobody knows.
    case failed(TaskFailure)
}

/// Why an operation has no result.
public enum TaskFailure: Error, Equatable, Sendable {
    /// Nothing was done, and it may work later: no connection, or no time on it.
    case unavailable
    /// Nothing was done: too many of the owner's operations, or of all owners', wait already.
    case overloaded
    /// Nothing was done: the database takes no writes at the moment.
    case readOnly
    /// The connection broke after a write was sent: it may or may not have been done.
    case outcomeUnknown
    /// The deadline passed; a write may or may not have been done.
    case timedOut
    /// A defect: the database refused the statement; its SQLSTATE.
    case refused(sqlState: String)
}
