import Base
import EventLoop
import PostgreSQL
import Tasks
import TasksPostgreSQL
import Testing

/// A copy of a task.
struct TaskCopy: Equatable {
    var id: Int64
    var title: String
    var description: String?
    var completed: Bool
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var change: Int64

    init(_ row: borrowing TaskRow) {
        id = row.id
        title = String(copying: row.title)
        description = nil
        if let text = row.description { description = String(copying: text) }
        completed = row.completed
        createdAt = row.createdAt
        updatedAt = row.updatedAt
        change = row.change
    }
}

enum Answer: Equatable {
    case done([TaskCopy], total: Int64?)
    case failed(TaskFailure)

    var tasks: [TaskCopy]? { if case .done(let tasks, _) = self { tasks } else { nil } }
    var failure: TaskFailure? { if case .failed(let failure) = self { failure } else { nil } }
}

/// A store and its answers; the test runs its loop.
final class StoreClient {
    struct Slow: Error, CustomStringConvertible { let description: String }

    let loop: EventLoop
    let store: PostgreSQLTaskStore
    /// Tasks of lists that have begun to arrive.
    private(set) var parts: [Ticket: [[TaskCopy]]] = [:]
    private(set) var answers: [Ticket: [Answer]] = [:]
    private(set) var answeredAt: [Ticket: UInt64] = [:]
    private(set) var observed: [String] = []
    private(set) var connections = 0
    /// Called with each answer, in the middle of the store's work.
    var onAnswer: ((Ticket) -> Void)?
    private let name = String.random("client-")
    private var nextTicket: Ticket = 0
    private var isSubmitting = false

    init(_ url: String, reads: Int = 1, writes: Int = 2, on loop: EventLoop? = nil) throws {
        self.loop = try loop ?? EventLoop()
        var configuration = PostgreSQLTaskStore.Configuration(url: "\(url) application_name=\(name)")
        configuration.readConnections = reads
        configuration.writeConnections = writes
        store = PostgreSQLTaskStore(configuration, on: self.loop)
        store.receive = { [unowned self] ticket, result in
            #expect(!isSubmitting, "never from within submit")
            if case .part(let rows) = result { return parts[ticket, default: []].append(rows.copies) }
            answers[ticket, default: []].append(Answer(result, after: parts[ticket]?.flatMap(\.self) ?? []))
            answeredAt[ticket] = Clock.monotonic
            onAnswer?(ticket)
        }
        store.observe = { [unowned self] observation in
            switch observation {
            case .connected: connections += 1
            case .lost(let text), .refused(let text): observed.append(text)
            }
        }
    }

    convenience init(_ database: TestDatabase, reads: Int = 1, writes: Int = 2, on loop: EventLoop? = nil) throws {
        try self.init(database.url, reads: reads, writes: writes, on: loop)
    }

    deinit {
        // Pipelines stay in the loop that they retain; at least their sessions end here.
        store.receive = nil
        store.observe = nil
        terminateSessions()
    }

    /// Ends its sessions from the server's side.
    func terminateSessions() {
        _ = try? TestServer.admin().execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '\(name)'")
    }

    @discardableResult
    func submit(_ owner: String, _ action: TaskOperation.Action, within seconds: Double = 10) -> Ticket {
        nextTicket += 1
        isSubmitting = true
        let deadline = Clock.monotonic + UInt64(seconds * 1e9)
        store.submit(TaskOperation(owner: owner, action), ticket: nextTicket, deadline: deadline)
        isSubmitting = false
        return nextTicket
    }

    /// Turns the loop until a condition holds.
    func turn(_ what: String = "condition", atMost seconds: Double = 20, until isSo: () -> Bool) throws {
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        while !isSo() {
            guard Clock.monotonic < end else { throw Slow(description: "\(what) did not come; \(observed)") }
            try loop.turn(timeout: 10_000_000)
        }
    }

    /// Turns the loop for a while.
    func turn(seconds: Double) throws {
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        while Clock.monotonic < end { try loop.turn(timeout: 5_000_000) }
    }

    /// Turns until each ticket has an answer, returned in order; a second answer is a failure.
    func answers(to tickets: [Ticket]) throws -> [Answer] {
        try turn("an answer") { tickets.allSatisfy { answers[$0] != nil } }
        return try tickets.map { ticket in
            let all = try #require(answers[ticket])
            #expect(all.count == 1)
            return all[0]
        }
    }

    func answer(to ticket: Ticket) throws -> Answer { try answers(to: [ticket])[0] }

    func perform(_ owner: String, _ action: TaskOperation.Action) throws -> Answer {
        try answer(to: submit(owner, action))
    }

    /// The tasks of an operation that has to succeed.
    func tasks(_ owner: String, _ action: TaskOperation.Action) throws -> [TaskCopy] {
        let answer = try perform(owner, action)
        return try #require(answer.tasks, "\(answer) \(observed)")
    }

    /// The one task of an operation that has to succeed.
    func task(_ owner: String, _ action: TaskOperation.Action) throws -> TaskCopy {
        let tasks = try tasks(owner, action)
        try #require(tasks.count == 1)
        return tasks[0]
    }

    @discardableResult
    func create(_ owner: String, _ titles: String...) throws -> [TaskCopy] {
        try titles.map { try task(owner, .create(TaskDraft(title: $0))) }
    }
}

extension Answer {
    init<Rows: TaskRows>(_ result: TaskResult<Rows>, after parts: [TaskCopy]) {
        switch result {
        case .failed(let failure): self = .failed(failure)
        case .done(let rows), .part(let rows): self = .done(parts + rows.copies, total: rows.total)
        }
    }
}

extension TaskRows {
    var copies: [TaskCopy] {
        var tasks: [TaskCopy] = []
        for position in 0..<count { tasks.append(TaskCopy(row(at: position))) }
        return tasks
    }
}
