import EventLoop
import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Row-level security that is switched on later: tasks must not be missing without an error.
@Suite final class RowSecurityTests {
    let database: TestDatabase
    let role = String.random("todo_test_rows_")

    init() throws {
        database = try TestDatabase()
        try database.execute("create role \(role) login")
        #expect(try Migrator(takingOwnershipOf: database.connect()).grant(to: role).isEmpty)
    }

    deinit {
        _ = try? database.execute("drop owned by \(role) cascade; drop role \(role)")
    }

    private func client() throws -> StoreClient {
        try StoreClient(TestServer.url(database: database.name, user: role), reads: 1, writes: 1)
    }

    @Test("Open sessions get an error that names it, and no empty list", arguments: ["tasks", "owners"])
    func openSessions(table: String) throws {
        let client = try client()
        client.store.connect()
        try client.turn("connections") { client.connections == 2 }
        try client.create("ada", "one")
        try database.execute("alter table todo.\(table) enable row level security")
        let actions: [TaskOperation.Action] = [
            .list(TaskQuery(limit: 5)), .read(1), .create(TaskDraft(title: "two")), .complete(1, completed: nil),
            .delete(1),
        ]
        // A read does not look at the owners.
        for action in actions where table == "tasks" || action.isWrite {
            let answer = try client.perform("ada", action)
            #expect(answer == .failed(.refused(sqlState: "42501")), "\(action): \(client.observed)")
        }
        #expect(client.observed.contains { $0.contains("row-level security policy for table \"\(table)\"") })
        try database.execute("alter table todo.\(table) disable row level security")
        #expect(try client.tasks("ada", .list(TaskQuery())).map(\.title) == ["one"])
    }

    @Test("New sessions are not used, with and without the setting of the role", arguments: [true, false])
    func newSessions(isSet: Bool) throws {
        if !isSet { try database.execute("alter role \(role) reset row_security") }
        try database.execute("alter table todo.tasks enable row level security")
        let client = try client()
        let early = client.submit("ada", .list(TaskQuery()), within: 0.3)
        #expect(try client.answer(to: early).failure != nil)
        let words = isSet ? "row-level security policy for table \"tasks\"" : "row-level security is on"
        #expect(client.observed.contains { $0.contains(words) }, "\(client.observed)")
        let late = client.submit("ada", .list(TaskQuery()))
        try database.execute("alter table todo.tasks disable row level security")
        #expect(try client.answer(to: late) == .done([], total: nil))
    }

    @Test("An inspection names the table, and whether the role is affected", arguments: ["tasks", "migrations"])
    func inspection(table: String) throws {
        try database.execute("alter table todo.\(table) enable row level security")
        let problems = try Inspection(database.connect(as: role)).problems
        #expect(problems.count == 1 && problems[0].contains("todo.\(table)") && problems[0].contains(role))
        try database.execute("alter role \(role) bypassrls")
        let inspection = try Inspection(database.connect(as: role))
        #expect(inspection.problems.isEmpty)
        #expect(inspection.notes == ["row-level security is on for todo.\(table); the role \(role) bypasses it"])
    }

    @Test("An inspection notes a missing setting of the role, with the statement that makes it")
    func setting() throws {
        try database.execute("alter role \(role) reset row_security")
        let inspection = try Inspection(database.connect(as: role))
        let statement = "alter role \(try database.connect().quoted(identifier: role)) set row_security = 'off'"
        #expect(inspection.problems.isEmpty && inspection.notes.count == 1)
        #expect(inspection.notes.first?.contains(statement) == true)
    }

    @Test("An owner that may not alter the role gets the statement to run")
    func mayNotAlter() throws {
        let owner = String.random("todo_test_owner_")
        try database.execute(
            """
            create role \(owner) login; alter role \(role) reset row_security; grant create on schema todo to \(owner);
            grant all on schema todo to \(owner) with grant option;
            alter schema todo owner to \(owner); alter table todo.migrations owner to \(owner);
            alter table todo.owners owner to \(owner); alter table todo.tasks owner to \(owner)
            """)
        defer { _ = try? database.execute("drop owned by \(owner) cascade; drop role \(owner)") }
        let left = try Migrator(takingOwnershipOf: database.connect(as: owner)).grant(to: role)
        #expect(left.count == 1 && left[0].hasSuffix("set row_security = 'off'"), "\(left)")
    }
}
