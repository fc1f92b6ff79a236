import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// The checks and changes of a restore that replaces the schema.
@Suite final class SchemaReplacementTests {
    let database: TestDatabase
    /// Not a superuser, which sees more of other sessions.
    let owner = String.random("todo_test_owner_")
    let role = String.random("todo_test_worker_")

    init() throws {
        database = try TestDatabase(migrated: false)
        try database.execute(
            """
            create role \(owner) login; create role \(role) login;
            grant create on database \(database.name) to \(owner)
            """)
        _ = try Migrator(takingOwnershipOf: database.connect(as: owner)).apply()
        _ = try Migrator(takingOwnershipOf: database.connect(as: owner)).grant(to: role)
    }

    deinit {
        _ = try? database.execute("drop owned by \(role), \(owner) cascade; drop role \(role), \(owner)")
    }

    private func replacement() throws -> SchemaReplacement {
        try SchemaReplacement(takingOwnershipOf: database.connect(as: owner))
    }

    private func url(_ user: String, name: String) throws -> String {
        try TestServer.url(database: database.name, user: user) + " application_name='\(name)'"
    }

    @Test("A worker is found with any application name", arguments: ["todo-fcgi[7]", "tasks of my company", ""])
    func workers(name: String) throws {
        #expect(try replacement().users(workingAs: role).isEmpty)
        let worker = try Connection.open(url(role, name: name))
        let found = try replacement().users(workingAs: role)
        #expect(found.count == 1 && found[0].contains(role) && found[0].contains(name), "\(found)")
        _ = consume worker
    }

    @Test("If workers log in as the owner, only sessions that used the tables count")
    func oneRole() throws {
        let worker = try Connection.open(url(owner, name: "any"))
        let frontend = try database.connect(as: owner)
        try frontend.execute("select 1")
        #expect(try replacement().users(workingAs: owner).isEmpty)
        try worker.execute(Migrations.check.sql)
        #expect(try replacement().users(workingAs: owner).count == 1)
        // A session with a worker's application name is found under any role.
        let named = try Connection.open(url(role, name: "todo-fcgi[7]"))
        #expect(try replacement().users(workingAs: owner).count == 2)
        _ = consume named
    }

    @Test("A schema that was moved aside and not renamed back is found, and no empty one is created")
    func interrupted() throws {
        #expect(try replacement().movedAside() == nil)
        for stamp in ["20250101T000000Z", "20250704T020000Z"] {
            try replacement().moveAside(to: SchemaReplacement.asideName(at: stamp))
            if stamp.hasPrefix("202501") { try database.connect(as: owner).execute("create schema todo") }
        }
        #expect(try !replacement().exists() && replacement().movedAside() == "todo_before_20250704t020000z")
        let back = try replacement().undoStatement(from: "todo_before_20250704t020000z")
        let error = #expect(throws: PostgreSQLError.self) {
            try Migrator(takingOwnershipOf: database.connect(as: owner)).apply()
        }
        #expect(error?.message.contains(back) == true && error?.message.contains("restore again") == true)
        #expect(throws: PostgreSQLError.self) { try Inspection(database.connect(as: owner)) }
        try replacement().moveBack(from: "todo_before_20250704t020000z")
        #expect(try replacement().exists() && replacement().movedAside() == nil)
    }
}
