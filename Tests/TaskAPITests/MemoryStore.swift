import Tasks

/// A store in memory, for one thread, which replaces the database in tests of the API.
final class MemoryStore: TaskStore {
    struct StoredTask {
        var id: Int64
        var title: String
        var description: String?
        var completed: Bool
        var createdAt: Timestamp
        var updatedAt: Timestamp
        var change: Int64
    }

    var receive: ((Ticket, TaskResult<MemoryRows>) -> Void)?
    private(set) var tasks: [String: [StoredTask]] = [:]
    private var identifiers: [String: Int64] = [:]
    private var clock: Int64 = 1_700_000_000_000_000
    private var waiting: [(Ticket, TaskOperation)] = []

    func submit(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64) {
        waiting.append((ticket, operation))
    }

    func pause(_ ticket: Ticket) {}
    func resume(_ ticket: Ticket) {}

    /// Performs what was submitted; results are delivered here, never within `submit`.
    func turn() {
        let operations = waiting
        waiting = []
        for (ticket, operation) in operations { receive?(ticket, .done(perform(operation))) }
    }

    private func perform(_ operation: TaskOperation) -> MemoryRows {
        clock += 1_000_001
        let owner = operation.owner
        switch operation.action {
        case .list(let query): return list(query, of: owner)
        case .create(let draft):
            identifiers[owner, default: 0] += 1
            let task = StoredTask(
                id: identifiers[owner, default: 1], title: draft.title, description: draft.description,
                completed: draft.completed, createdAt: now, updatedAt: now, change: clock)
            tasks[owner, default: []].append(task)
            return MemoryRows([task])
        case .read(let id): return MemoryRows(tasks[owner, default: []].filter { $0.id == id })
        case .update(let id, let patch):
            return change(id, of: owner, unless: patch.isEmpty) { task in
                task.title = patch.title ?? task.title
                task.completed = patch.completed ?? task.completed
                switch patch.description {
                case .keep: break
                case .clear: task.description = nil
                case .set(let text): task.description = text
                }
            }
        case .complete(let id, let completed):
            return change(id, of: owner, unless: false) { $0.completed = completed ?? !$0.completed }
        case .delete(let id, _):
            let deleted = tasks[owner, default: []].filter { $0.id == id }
            tasks[owner, default: []].removeAll { $0.id == id }
            return MemoryRows(deleted)
        }
    }

    private var now: Timestamp { Timestamp(microsecondsSinceEpoch: clock) }

    private func change(
        _ id: Int64, of owner: String, unless isNothing: Bool, _ change: (inout StoredTask) -> Void
    ) -> MemoryRows {
        guard let index = tasks[owner, default: []].firstIndex(where: { $0.id == id }) else { return MemoryRows([]) }
        if !isNothing {
            change(&tasks[owner, default: []][index])
            tasks[owner, default: []][index].updatedAt = now
        }
        return MemoryRows([tasks[owner, default: []][index]])
    }

    private func list(_ query: TaskQuery, of owner: String) -> MemoryRows {
        var found = tasks[owner, default: []].filter { task in
            if let completed = query.completed, task.completed != completed { return false }
            guard let search = query.search?.lowercased() else { return true }
            return "\(task.title)\n\(task.description ?? "")".lowercased().contains(search)
        }
        found.sort { left, right in
            switch query.sort {
            case .createdAt: (left.createdAt, left.id) < (right.createdAt, right.id)
            case .updatedAt: (left.updatedAt, left.id) < (right.updatedAt, right.id)
            case .title: (left.title, left.id) < (right.title, right.id)
            }
        }
        if query.order == .descending { found.reverse() }
        let page = found.dropFirst(Int(query.offset)).prefix(query.limit.map { Int($0) } ?? .max)
        return MemoryRows(Array(page), total: query.countsAll ? Int64(found.count) : nil)
    }
}

/// Rows whose texts are in one block of memory, as in a database's result.
struct MemoryRows: TaskRows {
    private var rows: [(task: MemoryStore.StoredTask, title: Range<Int>, description: Range<Int>?)] = []
    private var bytes: [UInt8] = []
    let total: Int64?

    init(_ tasks: [MemoryStore.StoredTask], total: Int64? = nil) {
        self.total = total
        for task in tasks {
            let title = append(task.title)
            rows.append((task, title, task.description.map { append($0) }))
        }
    }

    private mutating func append(_ text: String) -> Range<Int> {
        let start = bytes.count
        bytes += Array(text.utf8)
        return start..<bytes.count
    }

    var count: Int { rows.count }

    @_lifetime(borrow self)
    func row(at position: Int) -> TaskRow {
        let (task, title, description) = rows[position]
        var text: Span<UInt8>?
        if let description { text = bytes.span.extracting(description) }
        return TaskRow(
            id: task.id, title: bytes.span.extracting(title), description: text, completed: task.completed,
            createdAt: task.createdAt, updatedAt: task.updatedAt, change: task.change)
    }
}
