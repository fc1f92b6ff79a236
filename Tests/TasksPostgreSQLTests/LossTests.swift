import Base
import EventLoop
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Connections that break at chosen moments, between the store and a real server.
@Suite struct LossTests {
    let database: TestDatabase
    let relay: Relay
    let client: StoreClient
    /// A client that bypasses the relay.
    let direct: StoreClient

    init() throws {
        database = try .shared()
        let loop = try EventLoop()
        relay = try Relay(on: loop)
        let url = try TestServer.url(database: database.name, folder: relay.folder)
        client = try StoreClient(url, reads: 1, writes: 1, on: loop)
        direct = try StoreClient(database, on: loop)
    }

    /// Connects both lanes: 0 is for reads, 1 for writes.
    private func connect() throws {
        client.store.connect()
        try client.turn("a connection") { client.connections == 2 }
    }

    @Test("Reads in flight when the connection breaks are sent again, and answered once")
    func readsAreSentAgain() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "one", "two")
        relay.held = [0]
        let tickets: [Ticket] = (0..<20).map { number in
            client.submit(owner, number.isMultiple(of: 2) ? .read(1) : .list(TaskQuery()))
        }
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(0) }
        relay.cut()
        for (number, answer) in try client.answers(to: tickets).enumerated() {
            #expect(answer.tasks?.count == (number.isMultiple(of: 2) ? 1 : 2))
        }
    }

    @Test("The outcome of a create is unknown when the answer to its commit is cut off")
    func createIsUnknown() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        relay.held = [1]
        let ticket = client.submit(owner, .create(TaskDraft(title: "once")))
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.cut()
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        #expect(try direct.tasks(owner, .list(TaskQuery())).map(\.title) == ["once"])
    }

    @Test(
        "A change with a visible effect is verified, not repeated, when the answer to its commit is cut off",
        arguments: [
            TaskOperation.Action.update(1, TaskPatch(title: "new", description: .set("é"), completed: true)),
            .update(1, TaskPatch(description: .clear)), .complete(1, completed: true), .update(1, TaskPatch()),
        ])
    func effectIsLookedFor(action: TaskOperation.Action) throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "old")
        relay.held = [1]
        let ticket = client.submit(owner, action)
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.cut()
        let answer = try client.answer(to: ticket)
        let stored = try direct.tasks(owner, .read(1))
        #expect(answer.tasks == stored)
        #expect(answer.tasks?.first?.change == 2, "it was made once")
    }

    @Test("A lost change never overwrites a newer acknowledged one")
    func noStaleRepeat() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "old")
        relay.held = [1]
        let ticket = client.submit(owner, .update(1, TaskPatch(title: "lost")))
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        #expect(try direct.task(owner, .update(1, TaskPatch(title: "newer"))).title == "newer")
        relay.cut()
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        #expect(try direct.task(owner, .read(1)).title == "newer")
    }

    @Test("A toggle is not repeated when the answer to its commit is cut off")
    func notRepeatable() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "old")
        relay.held = [1]
        let ticket = client.submit(owner, .complete(1, completed: nil))
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.cut()
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        #expect(try direct.task(owner, .read(1)).completed)
    }

    @Test("A repeated deletion finds the task that it has deleted itself, when the answer to its commit is cut off")
    func deletion() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "old")
        relay.held = [1]
        let ticket = client.submit(owner, .delete(1))
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.cut()
        #expect(try client.answer(to: ticket).tasks?.map(\.id) == [1])
        #expect(try direct.tasks(owner, .read(1)).isEmpty)
        #expect(try client.perform(owner, .delete(1)) == .done([], total: nil))
    }

    @Test(
        "The outcome is unknown, and not repeated, when a server fails at the end of a commit",
        arguments: [("PANIC", "58030"), ("FATAL", "57P01"), ("FATAL", "08P01")])
    func failingCommit(severity: String, sqlState: String) throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        relay.held = [1]
        let ticket = client.submit(owner, .create(TaskDraft(title: "once")))
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.fail(1, severity: severity, sqlState: sqlState)
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        try client.turn(seconds: 0.1)
        #expect(try direct.tasks(owner, .list(TaskQuery())).map(\.title) == ["once"])
    }

    @Test("A change that was sent once and cannot be verified is never reported as not done")
    func repeatedAndExpired() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        try direct.create(owner, "old")
        relay.held = [1]
        let ticket = client.submit(owner, .update(1, TaskPatch(title: "new")), within: 0.5)
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(1) }
        relay.isOpen = false
        relay.cut()
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        #expect(try direct.task(owner, .read(1)).title == "new")
    }

    @Test("Writes and reads that were not sent wait for a connection")
    func unsentIsKept() throws {
        defer { relay.close() }
        try connect()
        let owner = String.random()
        relay.isOpen = false
        relay.cut()
        try client.turn("the loss") { client.observed.count >= 2 }
        let writes = (0..<5).map { client.submit(owner, .create(TaskDraft(title: "\($0)"))) }
        let reads = [client.submit(owner, .list(TaskQuery()))]
        try client.turn(seconds: 0.3)
        #expect(client.answers.isEmpty)
        #expect(!client.store.isReachable)
        relay.isOpen = true
        #expect(try client.answers(to: writes).map { $0.tasks?.first?.id } == [1, 2, 3, 4, 5])
        _ = try client.answers(to: reads)
        #expect(client.store.isReachable)
    }

    @Test("Operations wait for a connection no longer than their deadline")
    func unsentExpires() throws {
        defer { relay.close() }
        relay.isOpen = false
        let begin = Clock.monotonic
        let write = client.submit("ada", .create(TaskDraft(title: "late")), within: 0.3)
        let read = client.submit("ada", .read(1), within: 0.3)
        #expect(try client.answer(to: write) == .failed(.unavailable))
        #expect(try client.answer(to: read).failure != nil)
        for ticket in [write, read] {
            let took = try #require(client.answeredAt[ticket]) - begin
            #expect(took >= 300_000_000 && took < 600_000_000)
        }
    }

    @Test("Wherever the stream is cut while a connection is made, the next connection works", arguments: [true, false])
    func cutWhileConnecting(answers: Bool) throws {
        defer { relay.close() }
        let owner = String.random()
        try direct.create(owner, "task")
        for budget in stride(from: 0, through: 3_000, by: 171) {
            if answers { relay.answerBudget = budget } else { relay.requestBudget = budget }
            let read = client.submit(owner, .read(1))
            let update = client.submit(owner, .update(1, TaskPatch(title: "\(budget)")))
            #expect(try client.answer(to: read).tasks?.count == 1)
            // Cut after its sync, it may be committed or not.
            let answer = try client.answer(to: update)
            #expect(answer.tasks?.count == 1 || answer == .failed(.outcomeUnknown))
            relay.answerBudget = nil
            relay.requestBudget = nil
            relay.cut()
            // So that the next operation is sent on a new connection.
            try client.turn(seconds: 0.01)
        }
    }

    @Test("Wherever the stream is cut around writes, each is answered once and correctly", arguments: [true, false])
    func cutAroundWrites(answers: Bool) throws {
        defer { relay.close() }
        try connect()
        for budget in stride(from: 0, through: 1_800, by: 97) {
            let owner = String.random()
            try direct.create(owner, "changed")
            if answers { relay.answerBudget = budget } else { relay.requestBudget = budget }
            let creates: [Ticket] = (0..<4).map { client.submit(owner, .create(TaskDraft(title: "new \($0)"))) }
            let update = client.submit(owner, .update(1, TaskPatch(title: "later")))
            let read = client.submit(owner, .read(1))
            let created = try client.answers(to: creates)
            let updated = try client.answer(to: update)
            #expect(updated.tasks?.first?.title == "later" || updated == .failed(.outcomeUnknown))
            #expect(try client.answer(to: read).tasks?.count == 1)
            relay.answerBudget = nil
            relay.requestBudget = nil
            let stored = try direct.tasks(owner, .list(TaskQuery())).map(\.title)
            if updated.failure == nil { #expect(stored.contains("later")) }
            for (number, answer) in created.enumerated() {
                let times = stored.filter { $0 == "new \(number)" }.count
                if answer.failure == nil {
                    #expect(times == 1)
                } else {
                    #expect(answer == .failed(.outcomeUnknown))
                    #expect(times <= 1)
                }
            }
        }
    }
}
