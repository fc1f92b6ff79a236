import Base
import EventLoop
import PostgreSQL
import Tasks
import TasksPostgreSQL
import Testing

/// A server at its connection limit.
@Suite struct CrowdedServerTests {
    @Test("A server at its connection limit that requires a password is retried soon, and then used")
    func crowded() throws {
        let cluster = try TestCluster(
            password: "secret", options: "-c max_connections=4 -c superuser_reserved_connections=0")
        _ = try Migrator(takingOwnershipOf: Connection.open(cluster.url)).apply()
        let client = try StoreClient(cluster.url, reads: 1, writes: 1)
        var crowd: [Session] = []
        while let session = try? Session(cluster.url) { crowd.append(session) }
        #expect(crowd.count == 4)
        client.store.connect()
        try client.turn(seconds: 3)
        #expect(client.observed.contains { $0.contains("SQLSTATE 53300") }, "\(client.observed)")
        crowd = []
        let begin = Clock.monotonic
        try client.create("ada", "later")
        #expect(try client.tasks("ada", .read(1)).count == 1)
        #expect(Double(Clock.monotonic - begin) / 1e9 < 4)
    }

    private final class Session {
        let connection: Connection

        init(_ url: String) throws {
            connection = try Connection.open(url)
        }
    }
}
