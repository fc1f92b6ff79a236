/// Identifies an operation and its result; opaque to the store.
public typealias Ticket = UInt64

/// Stores the tasks of all owners, each owner's separately.
public protocol TaskStore: AnyObject {
    /// The rows of this store's results.
    associatedtype Rows: TaskRows

    /// Called with every result, exactly once per ticket, after the parts of a long list; never from within `submit`.
    var receive: ((Ticket, TaskResult<Rows>) -> Void)? { get set }

    /// Accepts an operation; its result follows under the same ticket.
    ///
    /// - Parameter deadline: when the client stops waiting, in nanoseconds of `CLOCK_MONOTONIC`; by then the store has
    ///   answered, with a failure if necessary.
    func submit(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64)

    /// Pauses a list that is being delivered in parts, until `resume`; does nothing for other tickets.
    func pause(_ ticket: Ticket)

    /// Resumes a paused list.
    func resume(_ ticket: Ticket)
}

/// The result of an operation.
public enum TaskResult<Rows: TaskRows> {
    /// The operation was executed. The rows are the tasks of a list, or the one task as it is now, of which only the id
    /// is valid after a delete; none when the owner has no such task.
    case done(Rows)
    /// The next rows of a long list; further parts follow, then `done` with the last rows, or `failed`.
    case part(Rows)
    /// The operation was not executed, or its outcome is unknown.
    case failed(TaskFailure)
}

/// Why an operation failed.
public enum TaskFailure: Error, Equatable, Sendable {
    /// Nothing was changed, and a retry may succeed: no connection, or no time left on it.
    case unavailable
    /// Nothing was changed: too many operations of the owner, or of all owners, are waiting.
    case overloaded
    /// Nothing was changed: the database is read-only at the moment.
    case readOnly
    /// The connection broke after a write was sent: it may or may not have been committed.
    case outcomeUnknown
    /// The deadline passed; a write may or may not have been committed.
    case timedOut
    /// A defect: the database refused the statement with this SQLSTATE.
    case refused(sqlState: String)
}
