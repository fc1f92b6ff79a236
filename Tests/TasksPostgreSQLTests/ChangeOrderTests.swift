import EventLoop
import Tasks
import TasksPostgreSQL
import Testing

/// Concurrent writes of two workers for one owner.
@Suite struct ChangeOrderTests {
    let clients: [StoreClient]
    let owner = String.random("owner-")

    init() throws {
        let loop = try EventLoop()
        let database = try TestDatabase.shared()
        clients = try (0..<2).map { _ in try StoreClient(database, writes: 3, on: loop) }
        for client in clients { client.store.connect() }
        try clients[0].turn("connections") { clients.allSatisfy { $0.connections == 4 } }
    }

    /// Submits to both in turn, a few each turn of the loop.
    private func run(_ count: Int, _ action: (Int) -> TaskOperation.Action) throws -> [TaskCopy] {
        var tickets: [[Ticket]] = [[], []]
        for number in 0..<count {
            tickets[number % 2].append(clients[number % 2].submit(owner, action(number)))
            if number.isMultiple(of: 7) { try clients[0].loop.turn(timeout: 0) }
        }
        var tasks: [TaskCopy] = []
        for (client, tickets) in zip(clients, tickets) {
            for answer in try client.answers(to: tickets) { tasks += try #require(answer.tasks) }
        }
        return tasks
    }

    @Test("300 tasks created at once have ids without gaps, and each its own change")
    func creates() throws {
        let tasks = try run(300) { .create(TaskDraft(title: "\($0)")) }
        #expect(tasks.map(\.id).sorted() == Array(1...300))
        #expect(Set(tasks.map(\.change)).count == 300)
        let byChange = tasks.sorted { $0.change < $1.change }
        #expect(byChange.map(\.createdAt) == byChange.map(\.createdAt).sorted(), "time goes on with the change")
    }

    @Test("101 toggles of a task at once leave it toggled, each answered with the state that it made")
    func toggles() throws {
        try clients[0].create(owner, "task")
        let states = try run(101) { _ in .complete(1, completed: nil) }.sorted { $0.change < $1.change }
        #expect(states.map(\.completed) == (0..<101).map { $0.isMultiple(of: 2) })
        #expect(states.map(\.change) == Array(2...102))
        #expect(try clients[1].task(owner, .read(1)) == states[100])
    }

    @Test("Updates of different fields at once lose nothing")
    func updates() throws {
        try clients[0].create(owner, "task")
        _ = try run(40) { number in
            .update(1, number < 20 ? TaskPatch(title: "new") : TaskPatch(description: .set("new"), completed: true))
        }
        let task = try clients[0].task(owner, .read(1))
        #expect(task.title == "new" && task.description == "new" && task.completed)
    }

    @Test("One of many concurrent deletions finds the task")
    func deletions() throws {
        try clients[0].create(owner, "task")
        #expect(try run(20) { _ in .delete(1) }.count == 1)
    }
}
