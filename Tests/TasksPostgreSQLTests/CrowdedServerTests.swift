import Base
import EventLoop
import PostgreSQL
import Tasks
import TasksPostgreSQL
import Testing

/// A server that has no room for more sessions.
@Suite struct CrowdedServerTests {
    @Test("A server that asks for a password and has no room is asked again soon, and used as soon as it has")
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
