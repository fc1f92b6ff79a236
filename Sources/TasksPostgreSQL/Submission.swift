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
    /// Its asker has been told; whatever comes now is dropped.
    var isAnswered = false

    init(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64) {
        self.operation = operation
        self.ticket = ticket
        self.deadline = deadline
    }
}
