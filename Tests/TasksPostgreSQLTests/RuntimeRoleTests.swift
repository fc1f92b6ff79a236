import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// The role of the workers: it may only read and write rows.
///
/// Serialized: concurrent grants on one table conflict.
@Suite(.serialized) final class RuntimeRoleTests {
    let database: TestDatabase
    let role = String.random("todo_test_runtime_")

    init() throws {
        database = try .shared()
        try database.execute("create role \(role) login")
        #expect(try Migrator(takingOwnershipOf: database.connect()).grant(to: role).isEmpty)
    }

    deinit {
        _ = try? database.execute("drop owned by \(role) cascade")
        _ = try? database.execute("drop role \(role)")
    }

    @Test("All operations work with only its rights, and its statements are bounded")
    func works() throws {
        let url = try TestServer.url(database: database.name, user: role)
        let client = try StoreClient(url)
        let owner = String.random()
        try client.create(owner, "one", "two")
        let sorts = TaskQuery.Sort.allCases.flatMap {
            [TaskQuery(sort: $0, limit: 1), TaskQuery(sort: $0, countsAll: true)]
        }
        for action in (sorts + [TaskQuery()]).map(TaskOperation.Action.list)
            + [.read(1), .update(1, TaskPatch(title: "new")), .complete(1, completed: nil), .delete(1)]
        {
            #expect(try !client.tasks(owner, action).isEmpty)
        }
        let connection = try database.connect(as: role)
        for (setting, value) in [
            ("statement_timeout", "8s"), ("lock_timeout", "4s"), ("plan_cache_mode", "force_generic_plan"),
            ("random_page_cost", "1.1"), ("row_security", "off"),
        ] {
            #expect(try connection.execute("show \(setting)").text(row: 0, column: 0) == value)
        }
        let inspection = try Inspection(connection)
        #expect(inspection.problems.isEmpty && inspection.notes.isEmpty, "\(inspection)")
    }

    @Test("A read-only database is reported as a problem")
    func readOnly() throws {
        let database = try TestDatabase()
        try database.execute("alter database \(database.name) set default_transaction_read_only = on")
        #expect(try Inspection(database.connect()).problems.contains { $0.contains("read-only") })
    }

    @Test(
        "It can create, alter and drop nothing",
        arguments: [
            "create table todo.more (id bigint)", "create function todo.f() returns int language sql as 'select 1'",
            "drop table todo.tasks", "drop schema todo cascade", "alter table todo.tasks add column more text",
            "alter table todo.tasks disable trigger all", "truncate todo.tasks", "truncate todo.owners cascade",
            "create index on todo.tasks (title)", "insert into todo.migrations values (1000, 'x', 'x')",
            "update todo.migrations set checksum = 'x'", "delete from todo.migrations",
            "create schema more", "alter role current_user superuser",
            "create trigger t before insert on todo.tasks for each row execute function suppress_redundant_updates_trigger()",
            "begin; lock table todo.migrations in access exclusive mode",
            "create temp table t (id bigint) on commit drop; drop table todo.owners",
        ])
    func refused(sql: String) throws {
        let connection = try database.connect(as: role)
        let error = #expect(throws: PostgreSQLError.self) { try connection.execute(sql) }
        #expect(error?.sqlState?.code == "42501", "\(error.map { "\($0)" } ?? "-")")
    }

    @Test("A setting that the operator made is kept, also when its name is part of another's")
    func settingsAreKept() throws {
        try database.execute(
            "alter role \(role) set statement_timeout = '3s'; alter role \(role) reset lock_timeout; alter role \(role) set deadlock_timeout = '1s'"
        )
        #expect(try Migrator(takingOwnershipOf: database.connect()).grant(to: role).isEmpty)
        let connection = try database.connect(as: role)
        #expect(try connection.execute("show statement_timeout").text(row: 0, column: 0) == "3s")
        #expect(try connection.execute("show lock_timeout").text(row: 0, column: 0) == "4s")
    }

    @Test("An inspection names the missing rights of a role")
    func stranger() throws {
        let stranger = String.random("todo_test_stranger_")
        try database.execute("create role \(stranger) login")
        defer { _ = try? database.execute("drop role \(stranger)") }
        let problems = try Inspection(database.connect(as: stranger)).problems
        #expect(problems.count == 1 && problems[0].contains(stranger))
    }
}
