import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// What a restore needs to know before it puts another schema in the place of this one.
@Suite final class SchemaPlaceTests {
    let database: TestDatabase
    let role = String.random("todo_test_worker_")

    init() throws {
        database = try TestDatabase()
        try database.execute("create role \(role) login")
        #expect(try Migrator(takingOwnershipOf: database.connect()).grant(to: role).isEmpty)
    }

    deinit {
        _ = try? database.execute("drop owned by \(role) cascade; drop role \(role)")
    }

    private func place() throws -> SchemaPlace { try SchemaPlace(takingOwnershipOf: database.connect()) }

    @Test("A worker is found whatever it calls itself", arguments: ["todo-fcgi[7]", "tasks of my company", ""])
    func workers(name: String) throws {
        #expect(try place().users(workingAs: role).isEmpty)
        let url = try TestServer.url(database: database.name, user: role) + " application_name='\(name)'"
        let worker = try Connection.open(url)
        let found = try place().users(workingAs: role)
        #expect(found.count == 1 && found[0].contains(role) && found[0].contains(name), "\(found)")
        _ = consume worker
    }

    @Test("Where workers log in as the owner, those count that used the tables, and other programs do not")
    func oneRole() throws {
        let owner = try database.connect().user
        let worker = try Connection.open(database.url + " application_name=any")
        let frontend = try database.connect()
        try frontend.execute("select 1")
        #expect(try place().users(workingAs: owner).isEmpty)
        try worker.execute(Migrations.check.sql)
        #expect(try place().users(workingAs: owner).count == 1)
        // Another role's name does not hide one that names itself.
        let named = try Connection.open(database.url + " application_name='todo-fcgi[7]'")
        #expect(try place().users(workingAs: role).count == 1)
        _ = consume named
    }

    @Test("A schema that was moved away and not put back is found, and no empty one takes its place")
    func interrupted() throws {
        #expect(try place().leftAside() == nil)
        for stamp in ["20250101T000000Z", "20250704T020000Z"] {
            try place().moveAway(to: SchemaPlace.asideName(at: stamp))
            if stamp.hasPrefix("202501") { try database.execute("create schema todo") }
        }
        #expect(try !place().isTaken() && place().leftAside() == "todo_before_20250704t020000z")
        let back = try place().wayBack(from: "todo_before_20250704t020000z")
        let error = #expect(throws: PostgreSQLError.self) {
            try Migrator(takingOwnershipOf: database.connect()).apply()
        }
        #expect(error?.message.contains(back) == true && error?.message.contains("restore again") == true)
        #expect(throws: PostgreSQLError.self) { try Inspection(database.connect()) }
        try place().moveBack(from: "todo_before_20250704t020000z")
        #expect(try place().isTaken() && place().leftAside() == nil)
    }
}
