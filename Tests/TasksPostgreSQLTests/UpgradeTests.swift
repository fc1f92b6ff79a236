import Base
import EventLoop
import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Two versions of the program on one database: while workers are replaced, and during a rollback.
@Suite struct UpgradeTests {
    /// The steps of a later program: it adds a column, widens types, builds an index, and later removes the types.
    static let later =
        Migrations.all + [
            Migration(
                version: 3, name: "priorities", usableFrom: 2,
                .transaction("alter table todo.tasks add column priority smallint")),
            Migration(
                version: 4, name: "lengths are for the program to bound", usableFrom: 2,
                .transaction("alter table todo.tasks alter column title type text, alter column description type text")
            ),
            Migration(
                version: 5, name: "tasks by priority", usableFrom: 2,
                .index(name: "tasks_by_priority", on: "todo.tasks (owner_user_id, priority) where deleted_at is null")),
            Migration(
                version: 6, name: "without types for lengths", usableFrom: 4, isContract: true,
                .transaction("drop domain todo.title, todo.description")),
            Migration(
                version: 7, name: "colours", usableFrom: 2,
                .transaction("alter table todo.tasks add column colour text")),
        ]

    private func migrator(
        _ database: TestDatabase, retries: Migrator.RetryPolicy = Migrator.RetryPolicy()
    ) throws -> Migrator {
        try Migrator(takingOwnershipOf: database.connect(), knowing: Self.later, retries: retries)
    }

    private func reasonToRefuse(_ database: TestDatabase, knowing count: Int) throws -> String? {
        try Migrations.reasonToRefuse(
            database.execute(Migrations.check.sql), knowing: Array(Self.later.prefix(count)))
    }

    @Test("Workers serve while the schema is expanded, no session is lost, and new ones can be made afterwards")
    func expandedUnderLoad() throws {
        let database = try TestDatabase()
        let client = try StoreClient(database, reads: 1, writes: 2)
        try client.create("ada", "first")
        func work() throws {
            let before = try client.tasks("ada", .list(TaskQuery())).count
            try client.create("ada", "more")
            for action: TaskOperation.Action in [
                .read(1), .update(1, TaskPatch(title: "new", description: .set("text"))),
                .complete(1, completed: nil), .list(TaskQuery(search: "new", countsAll: true)), .delete(1),
            ] {
                #expect(try client.tasks("ada", action).count == 1)
            }
            #expect(try client.tasks("ada", .list(TaskQuery())).count == before)
            try database.execute("update todo.tasks set deleted_at = null, title = 'first' where id = 1")
        }
        try work()
        let url = database.url
        let thread = try Thread {
            (try? Migrator(takingOwnershipOf: Connection.open(url), knowing: UpgradeTests.later).apply().count) ?? -1
        }
        try database.wait(until: "max(version) = 7 from todo.migrations", doing: work)
        #expect(thread.join() == 4)
        try work()
        #expect(client.observed.isEmpty, "\(client.observed)")
        let before = client.connections
        client.terminateSessions()
        try work()
        #expect(client.connections > before)
        let inspection = try Inspection(database.connect())
        #expect(inspection.problems.isEmpty && inspection.notes.contains { $0.contains("at version 7, newer") })
        #expect(try Migrator(takingOwnershipOf: database.connect()).apply().isEmpty)
    }

    @Test("A contract step is applied only when requested; from then on, older programs are refused")
    func contracted() throws {
        let database = try TestDatabase()
        #expect(try migrator(database).apply().map(\.version) == [3, 4, 5, 7])
        let left = try migrator(database).steps().filter { $0.appliedAt == nil }
        #expect(left.map(\.version) == [6] && left.allSatisfy { $0.isContract && !$0.isMissing })
        for known in [2, 4, 7] { #expect(try reasonToRefuse(database, knowing: known) == nil) }
        #expect(try migrator(database).apply(contracting: true).map(\.version) == [6])
        for known in [4, 5, 7] { #expect(try reasonToRefuse(database, knowing: known) == nil) }
        let reason = try #require(try reasonToRefuse(database, knowing: 2))
        for words in ["step 6 (without types for lengths)", "needs a program that knows 4", "restore the backup"] {
            #expect(reason.contains(words), "\(reason)")
        }
        #expect(throws: PostgreSQLError.self) { try Migrator(takingOwnershipOf: database.connect()).apply() }
    }

    @Test("A new database gets all steps at once")
    func fresh() throws {
        let database = try TestDatabase(migrated: false)
        #expect(try migrator(database).apply().map(\.version) == Array(1...7))
    }

    @Test("A program refuses a schema that lacks a step, and names the command that applies it")
    func behind() throws {
        let database = try TestDatabase()
        #expect(
            try reasonToRefuse(database, knowing: 7)
                == "it is at version 2 and has to be at 7: run todo-fcgi migrate")
    }

    @Test("A database whose steps were recorded before they named a version can be used")
    func recordedBefore() throws {
        let database = try TestDatabase()
        try database.execute("alter table todo.migrations drop column usable_from")
        #expect(try reasonToRefuse(database, knowing: 2) == nil)
        #expect(try Inspection(database.connect()).problems.isEmpty)
        // Later steps, without a version, are only for programs that know them.
        try database.execute("insert into todo.migrations (version, name, checksum) values (3, 'x', 'x')")
        #expect(try reasonToRefuse(database, knowing: 2)?.contains("needs a program that knows 3") == true)
        try database.execute("delete from todo.migrations where version = 3")
        #expect(try migrator(database).apply().map(\.version) == [3, 4, 5, 7])
    }

    @Test("A step that waits behind a long read times out, lets the waiting requests run, and is retried")
    func longRead() throws {
        let database = try TestDatabase()
        let client = try StoreClient(database)
        try client.create("ada", "first")
        let reader = try database.connect()
        try reader.execute("begin; select from todo.tasks")
        let url = database.url
        let thread = try Thread {
            var retries = Migrator.RetryPolicy()
            (retries.lock, retries.pause) = ("300ms", 0.1...0.2)
            var told: [String] = []
            let migrator = try? Migrator(
                takingOwnershipOf: Connection.open(url), knowing: Array(UpgradeTests.later.prefix(3)),
                retries: retries)
            let count = (try? migrator?.apply { told.append($0) }.count) ?? -1
            return told.contains { $0.contains("step 3 (priorities) got no lock") } ? count : -2
        }
        try database.wait(
            until: "exists (select from pg_locks where not granted and relation = 'todo.tasks'::regclass)")
        // The time of two tries: each request waits behind one try at most.
        let end = Clock.monotonic + 900_000_000
        while Clock.monotonic < end {
            let begin = Clock.monotonic
            #expect(try client.tasks("ada", .read(1)).count == 1)
            #expect(Clock.monotonic - begin < 1_500_000_000)
        }
        #expect(try database.value("select count(*) from todo.migrations") == "2")
        try reader.execute("commit")
        #expect(thread.join() == 1)
        #expect(client.observed.isEmpty)
    }

    @Test("A step whose lock is never free fails after its tries, and names the holder")
    func neverFree() throws {
        let database = try TestDatabase()
        let reader = try Connection.open(database.url + " application_name=report")
        try reader.execute("begin; select from todo.tasks")
        var retries = Migrator.RetryPolicy()
        (retries.lock, retries.pause, retries.tries) = ("20ms", 0.01...0.02, 3)
        let migrator = try migrator(database, retries: retries)
        let error = #expect(throws: PostgreSQLError.self) { try migrator.apply() }
        #expect(error?.message.contains("no lock in 3 tries") == true && error?.message.contains("(report as ") == true)
        #expect(try database.value("select count(*) from todo.migrations") == "2")
    }

    @Test("A migration waits for another one, but not without limit")
    func anotherMigration() throws {
        let database = try TestDatabase()
        let other = try database.connect()
        try other.execute("select pg_advisory_lock(\(Migrator.lockNumber))")
        var retries = Migrator.RetryPolicy()
        retries.others = "50ms"
        var told: [String] = []
        let migrator = try migrator(database, retries: retries)
        let error = #expect(throws: PostgreSQLError.self) { try migrator.apply { told.append($0) } }
        #expect(told == ["waiting for another migration, for 50ms at most"])
        #expect(error?.message.contains("another migration still runs after 50ms: process ") == true)
    }

    @Test("A statement timeout of the role or the database does not end a step")
    func statementTimeout() throws {
        let database = try TestDatabase()
        try database.execute("alter database \(database.name) set statement_timeout = '50ms'")
        let slow = Migration(version: 3, name: "slow", usableFrom: 2, .transaction("select pg_sleep(0.2)"))
        let migrator = try Migrator(takingOwnershipOf: database.connect(), knowing: Migrations.all + [slow])
        #expect(try migrator.apply().count == 1)
    }

    @Test("An index whose build was interrupted is built again, and an existing one is not")
    func index() throws {
        let database = try TestDatabase()
        try database.execute(
            """
            insert into todo.tasks select 'ann', n, 'same', null, false, now(), now(), n from generate_series(1, 2) n
            """)
        let name = "tasks_by_title"
        #expect(throws: PostgreSQLError.self) {
            try database.execute("create unique index concurrently \(name) on todo.tasks (title)")
        }
        let step = Migration(
            version: 3, name: "titles", usableFrom: 2, .index(name: name, on: "todo.tasks (title)"))
        let valid = """
            select indisvalid::text || indexrelid::text from pg_index where indexrelid = 'todo.\(name)'::regclass
            """
        let before = try #require(try database.value(valid))
        #expect(before.hasPrefix("false"))
        func apply() throws -> Int {
            try Migrator(takingOwnershipOf: database.connect(), knowing: Migrations.all + [step]).apply().count
        }
        #expect(try apply() == 1)
        let built = try #require(try database.value(valid))
        #expect(built.hasPrefix("true"))
        // The state after a crash between the build and its record.
        try database.execute("delete from todo.migrations where version = 3")
        #expect(try apply() == 1)
        #expect(try database.value(valid) == built)
    }
}
