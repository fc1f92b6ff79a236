import Base
import EventLoop
import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Lists of any length, and searches, beside other requests.
@Suite struct HeavyReadTests {
    let database: TestDatabase
    let client: StoreClient
    let owner = String.random()

    init() throws {
        database = try .shared()
        client = try StoreClient(database)
    }

    /// Creates this many tasks of an owner, the first one the oldest.
    private func fill(
        _ owner: String, _ count: Int, titleLength: Int = 10, in other: TestDatabase? = nil
    ) throws {
        try (other ?? database).execute(
            """
            insert into todo.owners (owner_user_id, last_task_id, change) values ('\(owner)', \(count), \(count));
            insert into todo.tasks
                (owner_user_id, id, title, description, completed, created_at, updated_at, change)
            select '\(owner)', n, repeat('x', \(titleLength)), null, n % 2 = 0, to_timestamp(n), to_timestamp(n), n
            from generate_series(1, \(count)) as n
            """)
    }

    @Test("A list of any length is whole and in order", arguments: [0, 1, 99, 100, 101, 102, 1_000, 5_000])
    func wholeList(count: Int) throws {
        try fill(owner, count)
        #expect(try client.tasks(owner, .list(TaskQuery())).map(\.id) == (0..<count).map { Int64(count - $0) })
        let counted = try client.perform(owner, .list(TaskQuery(countsAll: true)))
        guard case .done(let tasks, let total) = counted else { throw StoreClient.Slow(description: "\(counted)") }
        #expect(tasks.count == count && total == Int64(count))
    }

    @Test("A long list is delivered in small parts, with the total at the end")
    func parts() throws {
        try fill(owner, 2_000, titleLength: 200)
        for query in [TaskQuery(), TaskQuery(completed: true, countsAll: true), TaskQuery(sort: .title, limit: 1_500)] {
            let ticket = client.submit(owner, .list(query))
            let answer = try client.answer(to: ticket)
            let parts = try #require(client.parts[ticket])
            #expect(parts.count >= 5 && parts.allSatisfy { $0.count < 400 })
            let count = query.completed == nil ? Int(query.limit ?? 2_000) : 1_000
            #expect(answer.tasks?.count == count)
            if case .done(_, let total) = answer, query.countsAll { #expect(total == 1_000) }
        }
        #expect(try client.tasks(owner, .list(TaskQuery(limit: 100))).count == 100)
    }

    @Test("A paused list receives no more from the server until it resumes")
    func paused() throws {
        try fill(owner, 20_000, titleLength: 200)
        let ticket = client.submit(owner, .list(TaskQuery()), within: 60)
        try client.turn("a part") { client.parts[ticket] != nil }
        client.store.pause(ticket)
        try client.turn(seconds: 0.05)
        let before = client.parts[ticket]?.count
        try client.turn(seconds: 0.3)
        #expect(client.parts[ticket]?.count == before)
        // Other requests are served meanwhile, on other connections.
        #expect(try client.tasks(owner, .read(1)).count == 1)
        client.store.resume(ticket)
        #expect(try client.answer(to: ticket).tasks?.count == 20_000)
    }

    @Test("A list whose connection breaks in the middle fails, and is not restarted")
    func brokenInTheMiddle() throws {
        try fill(owner, 20_000, titleLength: 200)
        let ticket = client.submit(owner, .list(TaskQuery()))
        try client.turn("a part") { client.parts[ticket] != nil }
        client.store.pause(ticket)
        client.terminateSessions()
        client.store.resume(ticket)
        #expect(try client.answer(to: ticket) == .failed(.unavailable))
        #expect(client.answers[ticket]?.count == 1)
    }

    @Test("Another owner's heavy read is next, however many of one owner wait")
    func ownersInTurn() throws {
        let other = String.random()
        try fill(owner, 20_000)
        try fill(other, 150)
        let hog = (0..<20).map { _ in client.submit(owner, .list(TaskQuery(search: "zzz"))) }
        try client.turn(seconds: 0.01)
        let search = client.submit(other, .list(TaskQuery(search: "x")))
        let point = client.submit(other, .read(1))
        #expect(try client.answers(to: [search, point]).allSatisfy { $0.failure == nil })
        #expect(hog.count { client.answers[$0] != nil } <= 2)
        #expect(try client.answers(to: hog).allSatisfy { $0 == .done([], total: nil) })
    }

    @Test("One owner's heavy reads run one at a time")
    func oneAtATime() throws {
        // No other test's reads are counted.
        let database = try TestDatabase()
        let client = try StoreClient(database)
        try fill(owner, 20_000, in: database)
        // A session that prepares statements shows their text as well.
        client.store.connect()
        for owner in ["ada", "ben"] { client.submit(owner, .list(TaskQuery(search: "zzz"))) }
        try client.turn("all connections") { client.store.heavyReadConnections.allSatisfy { $0 == .ready } }
        try client.turn("both answers") { client.answers.count == 2 }
        for _ in 0..<6 { client.submit(owner, .list(TaskQuery(search: "zzz"))) }
        var most = 0
        let admin = try TestServer.admin()
        try client.turn("all answers") {
            let running = try? admin.execute(
                """
                select count(*) from pg_stat_activity where datname = '\(database.name)' and state = 'active'
                    and query like '%strpos%' and pid <> pg_backend_pid()
                """)
            most = max(most, running?.text(row: 0, column: 0).flatMap { Int($0) } ?? 0)
            return client.answers.count == 8
        }
        #expect(most <= 1)
    }

    @Test("A heavy read of an owner with too many waiting is refused at once")
    func bounded() throws {
        try fill(owner, 20_000)
        let tickets = (0..<100).map { _ in client.submit(owner, .list(TaskQuery(search: "zzz")), within: 2) }
        try client.turn(seconds: 0.1)
        let refused = tickets.filter { client.answers[$0] == [.failed(.overloaded)] }
        #expect(refused.count >= 60)
        let other = String.random()
        #expect(try client.perform(other, .list(TaskQuery(search: "x"))) == .done([], total: nil))
    }

    @Test("The server ends a heavy read before its deadline")
    func timeout() throws {
        let blocker = try TestDatabase()
        let client = try StoreClient(blocker)
        try client.create("ada", "task")
        #expect(try client.tasks("ada", .list(TaskQuery(search: "task"))).count == 1)
        let lock = try blocker.connect()
        try lock.execute("begin")
        try lock.execute("lock table todo.tasks in access exclusive mode")
        let begin = Clock.monotonic
        let ticket = client.submit("ada", .list(TaskQuery(search: "task")), within: 1)
        #expect(try client.answer(to: ticket) == .failed(.unavailable))
        #expect(Clock.monotonic - begin < 990_000_000)
        try lock.execute("rollback")
        #expect(try client.tasks("ada", .list(TaskQuery(search: "task"))).count == 1)
    }
}
