/// One task as the store holds it, borrowed from the store's own memory.
public struct TaskRow: ~Escapable {
    /// Counts from 1 within the owner's tasks.
    public let id: Int64
    /// UTF-8, valid by `TaskLimits`.
    public let title: Span<UInt8>
    /// UTF-8, valid by `TaskLimits`; nil for none.
    public let description: Span<UInt8>?
    /// Whether it is done.
    public let completed: Bool
    /// When it was created.
    public let createdAt: Timestamp
    /// When it was last changed.
    public let updatedAt: Timestamp
    /// The number of the owner's change that last changed the task: another value means another state.
    public let change: Int64

    /// Makes a row that is valid as long as the memory of its texts.
    @_lifetime(copy title, copy description)
    public init(
        id: Int64, title: Span<UInt8>, description: Span<UInt8>?, completed: Bool,
        createdAt: Timestamp, updatedAt: Timestamp, change: Int64
    ) {
        self.id = id
        self.title = title
        self.description = description
        self.completed = completed
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.change = change
    }
}

/// The rows of an operation's result, in order; they own the memory that a `TaskRow` borrows.
public protocol TaskRows {
    /// How many rows there are.
    var count: Int { get }
    /// The number of matches before `limit` and `offset`, when the query asked for it.
    var total: Int64? { get }
    /// The row at a position from 0 to `count - 1`.
    @_lifetime(borrow self)
    func row(at position: Int) -> TaskRow
}
