import Base
import Glibc
import PostgreSQL
import TasksPostgreSQL
import Testing

/// A private database, dropped with its last use.
final class TestDatabase: Sendable {
    let name = String.random("todo_test_")
    let url: String

    /// Creates the database, by default with the schema.
    init(migrated: Bool = true) throws {
        url = try TestServer.url(database: name)
        try TestServer.admin().execute("create database \(name) template template0")
        if migrated { _ = try Migrator(takingOwnershipOf: connect()).apply() }
    }

    deinit {
        drop()
    }

    private func drop() {
        _ = try? TestServer.admin().execute("drop database if exists \(name) with (force)")
    }

    func connect(as user: String? = nil) throws -> Connection {
        guard let user else { return try Connection.open(url) }
        return try Connection.open(TestServer.url(database: name, user: user))
    }

    @discardableResult
    func execute(_ sql: String) throws -> QueryResult {
        try connect().execute(sql)
    }

    /// The first value of a query.
    func value(_ sql: String) throws -> String? {
        try execute(sql).text(row: 0, column: 0)
    }

    /// Waits until a condition holds in the database.
    func wait(until condition: String, doing work: () throws -> Void = { usleep(10_000) }) throws {
        let end = Clock.monotonic + 20_000_000_000
        while try value("select \(condition)") != "t" {
            try #require(Clock.monotonic < end, "not within 20 s: \(condition)")
            try work()
        }
    }

    /// Shared by tests that only need owners of their own; dropped when the tests end.
    static func shared() throws -> TestDatabase { try sharedResult.get() }

    private static let sharedResult: Result<TestDatabase, any Error> = Result {
        let database = try TestDatabase()
        atexit { try? TestDatabase.sharedResult.get().drop() }
        return database
    }
}
