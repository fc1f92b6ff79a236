internal import Base
internal import Tasks

/// An operation on its way through the store.
struct Submission {
    let operation: TaskOperation
    let ticket: Ticket
    /// In nanoseconds of `Clock.monotonic`.
    let deadline: UInt64
    /// When it was sent last, in nanoseconds of `Clock.monotonic`.
    var sentAt: UInt64 = 0
    /// How often it had to give way to another transaction.
    var conflicts = 0
    /// It was sent on a connection that was lost, and may have been done.
    var mayBeDone = false
    /// Its asker has been told; whatever comes now is dropped.
    var isAnswered = false

    init(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64) {
        self.operation = operation
        self.ticket = ticket
        self.deadline = deadline
    }

    /// What to say instead of `failure`, which is about the last attempt only.
    func failure(_ failure: TaskFailure) -> TaskFailure {
        mayBeDone && failure == .unavailable ? .outcomeUnknown : failure
    }
}
