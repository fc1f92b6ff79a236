/// Which of an owner's tasks a list holds, and in which order.
public struct TaskQuery: Equatable, Sendable {
    /// The sort key; equal tasks are ordered by id, in the same direction.
    public enum Sort: Hashable, Sendable, CaseIterable {
        case createdAt
        case updatedAt
        case title
    }

    /// The direction of the order.
    public enum Order: Hashable, Sendable, CaseIterable {
        case ascending
        case descending
    }

    /// Only tasks of this state; nil for both.
    public var completed: Bool?
    /// Only tasks whose title or description contains this text, ignoring case; nil for all.
    public var search: String?
    /// The sort key.
    public var sort: Sort
    /// The sort direction.
    public var order: Order
    /// At most this many; nil for all.
    public var limit: Int64?
    /// How many of the ordered tasks are skipped.
    public var offset: Int64
    /// Whether to count all matching tasks, before `limit` and `offset`.
    public var countsAll: Bool

    /// Makes a query; without arguments, all tasks, newest first.
    public init(
        completed: Bool? = nil, search: String? = nil, sort: Sort = .createdAt, order: Order = .descending,
        limit: Int64? = nil, offset: Int64 = 0, countsAll: Bool = false
    ) {
        self.completed = completed
        self.search = search
        self.sort = sort
        self.order = order
        self.limit = limit
        self.offset = offset
        self.countsAll = countsAll
    }
}
