import Base
import EventLoop
import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// The store's reaction to changes of its sessions.
@Suite struct SessionTests {
    @Test("A session without its prepared statements is replaced, and every operation gets a result")
    func statementsAreGone() throws {
        let database = try TestDatabase.shared()
        let loop = try EventLoop()
        let relay = try Relay(on: loop)
        defer { relay.close() }
        let url = try TestServer.url(database: database.name, folder: relay.folder)
        let client = try StoreClient(url, reads: 1, writes: 1, on: loop)
        client.store.connect()
        try client.turn("connections") { client.connections == 2 }
        let owner = String.random()
        try client.create(owner, "first")
        for number in [0, 1] { relay.inject("deallocate all", into: number) }
        let creates = (0..<5).map { client.submit(owner, .create(TaskDraft(title: "\($0)"))) }
        let reads = (0..<5).map { _ in client.submit(owner, .read(1)) }
        let created = try client.answers(to: creates)
        #expect(created.map { $0.tasks?.first?.id } == [2, 3, 4, 5, 6], "\(created) \(client.observed)")
        #expect(try client.answers(to: reads).allSatisfy { $0.tasks?.count == 1 })
        #expect(client.connections == 4)
    }

    @Test("A write whose session is terminated is run again, and committed once")
    func terminatedInFlight() throws {
        let database = try TestDatabase.shared()
        let client = try StoreClient(database, reads: 1, writes: 1)
        let owner = String.random()
        try client.create(owner, "first")
        let blocker = try database.connect()
        try blocker.execute("begin")
        try blocker.execute("select from todo.owners where owner_user_id = $1 for update", [owner])
        let tickets = [
            client.submit(owner, .create(TaskDraft(title: "second"))),
            client.submit(owner, .complete(1, completed: nil)),
        ]
        try client.turn(seconds: 0.1)
        client.terminateSessions()
        try client.turn(seconds: 0.1)
        #expect(client.answers[tickets[0]] == nil)
        try blocker.execute("commit")
        let answers = try client.answers(to: tickets)
        #expect(answers[0].tasks?.first?.id == 2)
        #expect(answers[1].tasks?.first?.completed == true)
        #expect(try client.tasks(owner, .list(TaskQuery())).map(\.title) == ["second", "first"])
    }

    @Test("Sessions that are terminated while idle are restored without a failed operation")
    func terminatedWhileIdle() throws {
        let client = try StoreClient(TestDatabase.shared(), reads: 2, writes: 2)
        let owner = String.random()
        for round in 0..<5 {
            try client.create(owner, "\(round)")
            client.terminateSessions()
            // Some rounds notice it before they send, some by sending.
            if round.isMultiple(of: 2) { try client.turn(seconds: 0.06) }
            #expect(try client.tasks(owner, .list(TaskQuery())).count == round + 1)
        }
    }

    @Test("Each write tries a read-only server twice; reads continue, and later writes are committed")
    func readOnlyServer() throws {
        let database = try TestDatabase()
        let client = try StoreClient(database, reads: 1, writes: 1)
        try client.create("ada", "before")
        try database.execute("alter database \(database.name) set default_transaction_read_only = on")
        client.terminateSessions()
        try client.turn(seconds: 0.06)
        let before = client.connections
        let begin = Clock.monotonic
        let tickets = [
            client.submit("ada", .create(TaskDraft(title: "refused"))),
            client.submit("ada", .update(1, TaskPatch(title: "refused"))),
        ]
        #expect(try client.answers(to: tickets) == [.failed(.readOnly), .failed(.readOnly)])
        #expect(Clock.monotonic - begin < 4_000_000_000)
        #expect(client.store.trouble == .readOnly)
        #expect(try client.tasks("ada", .list(TaskQuery())).map(\.title) == ["before"])
        #expect(client.connections - before < 5)
        let admin = try TestServer.admin()
        try admin.execute("alter database \(database.name) set default_transaction_read_only = off")
        try client.turn("a session for writes") { client.store.isReachable }
        #expect(try client.create("ada", "late")[0].id == 2)
    }

    @Test("Sessions whose server becomes read-only in place are abandoned, for reads as well as for writes")
    func demotedInPlace() throws {
        let cluster = try TestCluster()
        _ = try Migrator(takingOwnershipOf: Connection.open(cluster.url)).apply()
        let client = try StoreClient(cluster.url, reads: 1, writes: 1)
        client.store.connect()
        try client.turn("connections") { client.connections == 2 }
        try client.create("ada", "task")
        let admin = try Connection.open(cluster.url)
        try admin.execute("alter system set default_transaction_read_only = on")
        try admin.execute("select pg_reload_conf()")
        try client.turn(seconds: 0.3)
        let before = client.connections
        #expect(try client.tasks("ada", .read(1)).count == 1)
        try client.turn("another session for reads") {
            client.submit("ada", .read(1))
            return client.connections > before
        }
        #expect(try client.perform("ada", .complete(1, completed: nil)) == .failed(.readOnly))
        let readOnly = client.connections
        try admin.execute("alter system reset default_transaction_read_only")
        try admin.execute("select pg_reload_conf()")
        try client.turn("sessions for writes and, anew, for reads") {
            client.store.isReachable && client.connections >= readOnly + 2
        }
        #expect(try client.task("ada", .complete(1, completed: nil)).completed)
    }

    @Test("A session that does not answer is abandoned after the operation's deadline")
    func silence() throws {
        let loop = try EventLoop()
        let relay = try Relay(on: loop)
        defer { relay.close() }
        let url = try TestServer.url(database: TestDatabase.shared().name, folder: relay.folder)
        let client = try StoreClient(url, reads: 1, writes: 1, on: loop)
        client.store.connect()
        try client.turn("connections") { client.connections == 2 }
        let owner = String.random()
        relay.held = [0, 1]
        let read = client.submit(owner, .read(1), within: 0.2)
        let write = client.submit(owner, .create(TaskDraft(title: "heard")), within: 0.2)
        #expect(try client.answer(to: read) == .failed(.timedOut))
        #expect(try client.answer(to: write) == .failed(.outcomeUnknown))
        #expect(try client.tasks(owner, .read(1)).count == 1)
        try client.create(owner, "also heard")
        #expect(client.answers.values.allSatisfy { $0.count == 1 })
    }

    @Test("Connections that are not needed are not restored; the first operation restores all")
    func sleep() throws {
        let database = try TestDatabase()
        let client = try StoreClient(database, reads: 2, writes: 3)
        func sessions() throws -> String? {
            try TestServer.admin().execute(
                "select count(*) from pg_stat_activity where datname = '\(database.name)'"
            ).text(row: 0, column: 0)
        }
        client.store.connect()
        try client.turn("connections") { client.connections == 5 }
        client.store.lastSubmission = 0
        client.terminateSessions()
        try client.turn("losses") { client.observed.count == 5 }
        try client.turn(seconds: 0.3)
        #expect(try sessions() == "0")
        #expect(client.store.isReachable)
        try client.create("ada", "morning")
        #expect(try client.tasks("ada", .read(1)).count == 1)
        try client.turn("all connections") { client.connections == 10 }
        #expect(try sessions() == "5")
    }

    @Test("A missing or unknown schema is refused until the right one exists")
    func schemaIsMissing() throws {
        let database = try TestDatabase(migrated: false)
        let client = try StoreClient(database)
        let early = client.submit("ada", .list(TaskQuery()), within: 0.3)
        #expect(try client.answer(to: early).failure != nil)
        #expect(client.observed.contains { $0.contains("todo-fcgi migrate") })
        let late = client.submit("ada", .list(TaskQuery()))
        _ = try Migrator(takingOwnershipOf: database.connect()).apply()
        #expect(try client.answer(to: late) == .done([], total: nil))
        try database.execute("insert into todo.migrations (version, name, checksum) values (1000, 'new', 'x')")
        client.terminateSessions()
        #expect(try client.answer(to: client.submit("ada", .read(1), within: 0.5)).failure != nil)
        #expect(client.observed.contains { $0.contains("newer than this program") })
    }
}
