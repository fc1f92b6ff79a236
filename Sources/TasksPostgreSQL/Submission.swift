internal import Base
internal import PostgreSQL
internal import Tasks

/// An operation on its way through the store.
struct Submission {
    let operation: TaskOperation
    let ticket: Ticket
    /// In nanoseconds of `Clock.monotonic`.
    var deadline: UInt64
    /// The change whose effect this operation looks for; nil for every other one.
    let lookedFor: TaskOperation.Action?
    /// What `OwnerTurns` knows of its owner; nil when it never waited.
    var owner: OwnerTurns.Owner?
    /// When it was sent last, in nanoseconds of `Clock.monotonic`.
    var sentAt: UInt64 = 0
    /// How often it had to give way to another transaction.
    var conflicts = 0
    /// How often a connection was lost while the server worked on it, and it surely was not done.
    var losses = 0
    /// How often a session did not know its statement.
    var unknownStatements = 0
    /// How often the server was found read-only since it came.
    var readOnlyTries = 0
    /// Its ticket is answered; what the server still says of it is dropped.
    var isAnswered = false
    /// A write's own result, which counts once its transaction is committed.
    var result: QueryResult?

    init(
        _ operation: TaskOperation, ticket: Ticket, deadline: UInt64, lookingFor lookedFor: TaskOperation.Action? = nil
    ) {
        self.operation = operation
        self.ticket = ticket
        self.deadline = deadline
        self.lookedFor = lookedFor
    }

    /// Whether it goes into a group of its own: it may be what ends the sessions of others.
    var isSuspect: Bool { losses >= 2 }

    /// Whether it is given up: it lost its connection alone.
    var isHopeless: Bool { losses >= 3 }

    /// What tells whether a change was made that may have been: its effect is looked for, not made again.
    ///
    /// To make it again would put an older value over a newer one, if another change was acknowledged in between. A
    /// deletion may be made again: it finds what it has deleted itself. Nil where a task does not show whether the change
    /// was made.
    func look() -> Submission? {
        let owner = operation.owner
        switch operation.action {
        case .update(let id, _), .complete(let id, completed: .some):
            return Submission(
                TaskOperation(owner: owner, .read(id)), ticket: ticket, deadline: deadline,
                lookingFor: operation.action)
        case .delete(let id, again: _):
            let deletion = TaskOperation.Action.delete(id, again: true)
            return Submission(
                TaskOperation(owner: owner, deletion), ticket: ticket, deadline: deadline, lookingFor: deletion)
        default:
            return nil
        }
    }
}
