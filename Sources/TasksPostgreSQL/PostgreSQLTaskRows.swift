internal import PostgreSQL
public import Tasks

/// Tasks in a result's own memory, in the columns that `TaskStatements` lists.
public struct PostgreSQLTaskRows: TaskRows {
    private let result: QueryResult
    /// How many tasks there are.
    public let count: Int
    /// How many matched before `limit` and `offset`, when the query asked for it.
    public let total: Int64?

    /// - Parameter isCounted: the last column holds the number of all that match.
    init(_ result: QueryResult, isCounted: Bool) {
        self.result = result
        total = isCounted ? result.bigint(row: 0, column: 7) : nil
        let isEmptyPage = isCounted && result.isNull(row: 0, column: 0)
        count = isEmptyPage ? 0 : result.count
    }

    /// The row at a position from 0 to `count - 1`.
    @_lifetime(borrow self)
    public func row(at position: Int) -> TaskRow {
        let title = result.bytes(row: position, column: 1)
        let text = result.bytes(row: position, column: 2)
        let description = text.isEmpty && result.isNull(row: position, column: 2) ? nil : text
        let row = TaskRow(
            id: result.bigint(row: position, column: 0),
            title: title,
            description: description,
            completed: result.boolean(row: position, column: 3),
            createdAt: Timestamp(sinceMillennium: result.bigint(row: position, column: 4)),
            updatedAt: Timestamp(sinceMillennium: result.bigint(row: position, column: 5)),
            change: result.bigint(row: position, column: 6)
        )
        return unsafe _overrideLifetime(row, borrowing: self)
    }
}

extension Timestamp {
    /// A `timestamptz` as PostgreSQL sends it in binary: microseconds since 2000-01-01T00:00:00Z.
    init(sinceMillennium microseconds: Int64) {
        self.init(microsecondsSinceEpoch: microseconds &+ 946_684_800_000_000)
    }
}
