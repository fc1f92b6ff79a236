import Glibc
import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Brings databases to the schema, and refuses those that it does not know.
@Suite struct MigratorTests {
    let database: TestDatabase

    init() throws {
        database = try TestDatabase(migrated: false)
    }

    private func migrator() throws -> Migrator { try Migrator(takingOwnershipOf: database.connect()) }

    @Test("An empty database gets all steps, and once only")
    func fresh() throws {
        #expect(try migrator().steps().allSatisfy { $0.appliedAt == nil })
        #expect(try migrator().apply().map(\.version) == Array(1...Migrations.all.count))
        #expect(try migrator().apply().isEmpty)
        #expect(try migrator().steps().allSatisfy { $0.appliedAt != nil })
        #expect(try Inspection(database.connect()).problems.isEmpty)
    }

    @Test("Versions count from 1 without gaps, and no step that was published has changed")
    func versions() {
        #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
        #expect(Migrations.all.map(\.checksum).starts(with: ["3d57b2f2af7b4011", "502c6fde003014c4"]))
    }

    @Test("Two that start at once apply each step once")
    func twoAtOnce() throws {
        // Holds both at the lock, so that they go on in the same moment.
        let blocker = try database.connect()
        try blocker.execute("select pg_advisory_lock(1953457263)")
        let url = database.url
        let threads = try (0..<2).map { _ in
            try Thread { (try? Migrator(takingOwnershipOf: Connection.open(url)).apply().count) ?? -1 }
        }
        try database.wait(
            until: """
                count(*) = 2 from pg_locks where locktype = 'advisory' and not granted
                    and database = (select oid from pg_database where datname = current_database())
                """)
        try blocker.execute("select pg_advisory_unlock(1953457263)")
        #expect(threads.map { $0.join() }.sorted() == [0, Migrations.all.count])
    }

    @Test("Tasks of an older schema are kept, deleted ones too")
    func older() throws {
        _ = try Migrator(takingOwnershipOf: database.connect(), knowing: Array(Migrations.all.prefix(1))).apply()
        try database.execute(
            """
            alter table todo.migrations drop column usable_from;
            insert into todo.owners values ('ann', 3, 4);
            insert into todo.tasks values ('ann', 1, repeat('ä', 200), repeat('ß', 1000), true, now(), now(), 1, null),
                ('ann', 2, 'two', null, false, now(), now(), 2, null),
                ('ann', 3, '', null, false, now(), now(), 4, now())
            """)
        let tasks = "select string_agg(t::text, ';' order by id) from todo.tasks t"
        let before = try database.value(tasks)
        #expect(try migrator().apply().map(\.version) == Array(2...Migrations.all.count))
        #expect(try database.value(tasks) == before)
    }

    @Test("The database itself refuses texts that are too long", arguments: [(201, 1), (1, 1_001)])
    func lengths(title: Int, description: Int) throws {
        _ = try migrator().apply()
        func insert(_ title: Int, _ description: Int) throws {
            try database.execute(
                """
                insert into todo.tasks values ('ann', \(title + description), repeat('ä', \(title)),
                    repeat('ß', \(description)), false, now(), now(), 1)
                """)
        }
        try insert(200, 1_000)
        #expect(throws: PostgreSQLError.self) { try insert(title, description) }
    }

    @Test("A step that was changed after it was applied is detected")
    func changed() throws {
        _ = try migrator().apply()
        try database.execute("update todo.migrations set checksum = 'x' where version = 1")
        #expect(throws: PostgreSQLError.self) { try migrator().apply() }
        #expect(throws: PostgreSQLError.self) { try migrator().steps() }
        #expect(try Inspection(database.connect()).problems.count == 1)
    }

    @Test("A schema that is newer than the program is not changed")
    func newer() throws {
        _ = try migrator().apply()
        try database.execute("insert into todo.migrations (version, name, checksum) values (1000, 'future', 'x')")
        #expect(throws: PostgreSQLError.self) { try migrator().apply() }
        #expect(try Inspection(database.connect()).problems.count == 1)
    }

    @Test("A step that fails leaves nothing behind")
    func failing() throws {
        try database.execute("create schema todo; create table todo.tasks (id bigint)")
        #expect(throws: PostgreSQLError.self) { try migrator().apply() }
        #expect(try database.value("select to_regclass('todo.owners') is null") == "t")
        #expect(try migrator().steps().allSatisfy { $0.appliedAt == nil })
        try database.execute("drop table todo.tasks")
        #expect(try !migrator().apply().isEmpty)
    }

    @Test("A role that may not create schemas can fill one that was made for it")
    func schemaMadeBefore() throws {
        let role = String.random("todo_test_owner_")
        try database.execute("create role \(role) login; create schema todo authorization \(role)")
        defer { _ = try? database.execute("drop owned by \(role) cascade; drop role \(role)") }
        #expect(try !Migrator(takingOwnershipOf: database.connect(as: role)).apply().isEmpty)
    }

    @Test("Without a schema, an inspection says what to do")
    func inspection() throws {
        let problems = try Inspection(database.connect()).problems
        #expect(problems.count == 1 && problems[0].contains("todo-fcgi migrate"))
    }
}
