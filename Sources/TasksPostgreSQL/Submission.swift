internal import Base
internal import PostgreSQL
internal import Tasks

/// An operation in the store, waiting or in flight.
struct Submission {
    let operation: TaskOperation
    let ticket: Ticket
    /// In nanoseconds of `Clock.monotonic`.
    var deadline: UInt64
    /// The change that this operation verifies; nil for every other operation.
    let changeToVerify: TaskOperation.Action?
    /// Its owner in the `FairQueue`; nil when it was never queued.
    var owner: FairQueue.Owner?
    /// When it was last sent, in nanoseconds of `Clock.monotonic`.
    var sentAt: UInt64 = 0
    /// How often it failed with a conflict.
    var conflicts = 0
    /// How often the connection was lost while it was running, and it was certainly not committed.
    var losses = 0
    /// How often a session did not know its prepared statement.
    var unknownStatements = 0
    /// How often it found the server read-only.
    var readOnlyTries = 0
    /// Its ticket is answered; a result that still arrives is dropped.
    var isAnswered = false
    /// A write's result, which is valid once its transaction is committed.
    var result: QueryResult?

    init(
        _ operation: TaskOperation, ticket: Ticket, deadline: UInt64,
        verifying changeToVerify: TaskOperation.Action? = nil
    ) {
        self.operation = operation
        self.ticket = ticket
        self.deadline = deadline
        self.changeToVerify = changeToVerify
    }

    /// Whether it is sent in a group of its own, since it may be the cause of lost sessions.
    var isSuspect: Bool { losses >= 2 }

    /// Whether it fails instead of being sent again: it lost its connection alone, too.
    var hasExhaustedRetries: Bool { losses >= 3 }

    /// The operation that verifies a change which may have been committed.
    ///
    /// A change is not repeated, since that would overwrite a newer value with an older one, if another change was
    /// acknowledged in between. Only a deletion is repeated: it finds the task that it has deleted itself. Nil when the
    /// task does not show whether the change was made.
    func verification() -> Submission? {
        let owner = operation.owner
        switch operation.action {
        case .update(let id, _), .complete(let id, completed: .some):
            return Submission(
                TaskOperation(owner: owner, .read(id)), ticket: ticket, deadline: deadline,
                verifying: operation.action)
        case .delete(let id, again: _):
            let deletion = TaskOperation.Action.delete(id, again: true)
            return Submission(
                TaskOperation(owner: owner, deletion), ticket: ticket, deadline: deadline, verifying: deletion)
        default:
            return nil
        }
    }
}
