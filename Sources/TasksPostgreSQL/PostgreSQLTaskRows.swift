internal import Base
internal import PostgreSQL
public import Tasks

/// Tasks in the memory of their results, in the columns that `TaskStatements` lists.
public struct PostgreSQLTaskRows: TaskRows {
    /// All rows, or the first one where they were received one at a time.
    private let result: QueryResult
    /// Each row's own result, where they were received one at a time.
    private let single: [QueryResult]
    /// How many tasks there are.
    public let count: Int
    /// The number of matches before `limit` and `offset`, when the query asked for it.
    public let total: Int64?

    /// - Parameter operation: the operation that they are the result of.
    init(_ result: QueryResult, of operation: TaskOperation) {
        self.init(result, single: [], count: result.count, operation)
    }

    /// - Parameter rows: results of one row each, at least one.
    init(_ rows: [QueryResult], of operation: TaskOperation) {
        self.init(rows[0], single: rows, count: rows.count, operation)
    }

    private init(_ result: QueryResult, single: [QueryResult], count: Int, _ operation: TaskOperation) {
        self.result = result
        self.single = single
        guard case .list(let query) = operation.action, query.countsAll else {
            self.count = count
            total = nil
            return
        }
        guard result.columnCount > Self.totalColumn else {
            // The whole list fits into one page.
            self.count = count
            total = Int64(count)
            return
        }
        total = result.bigint(row: 0, column: Self.totalColumn)
        // A page without tasks is one row of NULLs and the total.
        self.count = result.isNull(row: 0, column: 0) ? 0 : count
    }

    /// The last column, where the statement counts.
    private static var totalColumn: Int { 7 }

    /// The row at a position from 0 to `count - 1`.
    @_lifetime(borrow self)
    public func row(at position: Int) -> TaskRow {
        let source = single.isEmpty ? result : single[position]
        let row = single.isEmpty ? position : 0
        let title = source.bytes(row: row, column: 1)
        let text = source.bytes(row: row, column: 2)
        let description = text.isEmpty && source.isNull(row: row, column: 2) ? nil : text
        let task = TaskRow(
            id: source.bigint(row: row, column: 0),
            title: title,
            description: description,
            completed: source.boolean(row: row, column: 3),
            createdAt: Timestamp(sinceMillennium: source.bigint(row: row, column: 4)),
            updatedAt: Timestamp(sinceMillennium: source.bigint(row: row, column: 5)),
            change: source.bigint(row: row, column: 6)
        )
        return unsafe _overrideLifetime(task, borrowing: self)
    }
}

extension PostgreSQLTaskRows {
    /// Whether the first task has the values that a change sets.
    func shows(_ action: TaskOperation.Action) -> Bool {
        guard count > 0 else { return false }
        let task = row(at: 0)
        switch action {
        case .complete(_, let completed):
            return completed == task.completed
        case .update(_, let patch):
            guard patch.title?.utf8Span.span.equals(task.title) != false,
                patch.completed ?? task.completed == task.completed
            else { return false }
            switch patch.description {
            case .keep: return true
            case .clear: return task.description == nil
            case .set(let text):
                guard let description = task.description else { return false }
                return text.utf8Span.span.equals(description)
            }
        default: return false
        }
    }
}

extension Timestamp {
    /// A `timestamptz` as PostgreSQL sends it in binary: microseconds since 2000-01-01T00:00:00Z.
    init(sinceMillennium microseconds: Int64) {
        self.init(microsecondsSinceEpoch: microseconds &+ 946_684_800_000_000)
    }
}
