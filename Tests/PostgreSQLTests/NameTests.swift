import Base
import EventLoop
import Glibc
import Synchronization
import Testing

@testable import PostgreSQL

/// Host names, with a stub of the name server.
@Suite struct NameTests {
    typealias Stub = PipelineClientStub

    /// Answers as configured, on the calling thread.
    private final class NameServer: Sendable {
        private let state = Mutex(
            (answers: [String: NameLookUp.Answer](), isSilent: false, asked: 0, waiting: 0, most: 0))

        func set(_ name: String, _ addresses: String...) {
            state.withLock { $0.answers[name] = .addresses(addresses) }
        }

        func fail(_ name: String) { state.withLock { $0.answers[name] = .failed("no such name") } }
        func beSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }
        var asked: Int { state.withLock { $0.asked } }
        /// The most calls that were waiting for an answer at once.
        var most: Int { state.withLock { $0.most } }

        func answer(_ name: String) -> NameLookUp.Answer {
            state.withLock {
                $0.asked += 1
                $0.waiting += 1
                $0.most = max($0.most, $0.waiting)
            }
            while state.withLock({ $0.isSilent }) { usleep(5_000) }
            return state.withLock {
                $0.waiting -= 1
                return $0.answers[name] ?? .failed("not known")
            }
        }
    }

    private let loop: EventLoop
    private let names = NameServer()

    init() throws {
        loop = try EventLoop()
    }

    private func database(_ hosts: String, _ ports: UInt16...) throws -> Database {
        let ports = ports.map(String.init).joined(separator: ",")
        let user = try TestServer.connect().user
        return Database(
            url: "host=\(hosts) port=\(ports) user=\(user) dbname=postgres", on: loop,
            resolver: { [names] in names.answer($0) })
    }

    private func connect(_ database: Database, atMost seconds: Double = 10) throws -> Stub {
        let client = try Stub(on: loop, database: database)
        client.pipeline.connect()
        try client.turn(atMost: seconds) { client.pipeline.isReady }
        return client
    }

    @Test("A silent name server does not block the loop, and its answer is used when it comes")
    func silentNameServer() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        names.set("db.test", "127.0.0.1")
        names.beSilent(true)
        let client = try Stub(on: loop, database: database("db.test", server.port))
        client.pipeline.connect()
        var longest: UInt64 = 0
        for _ in 0..<200 {
            let begin = Clock.monotonic
            try loop.turn(timeout: 10_000_000)
            longest = max(longest, Clock.monotonic - begin)
        }
        #expect(longest < 500_000_000 && client.pipeline.phase == .connecting && client.events == [])
        names.beSilent(false)
        try client.turn(atMost: 2) { client.pipeline.isReady }
        #expect(client.events == [.ready])
    }

    @Test("A name server that is silent for long is reported, and asked once for all connections")
    func silentForLong() throws {
        names.beSilent(true)
        defer { names.beSilent(false) }
        let database = try database("db.test", 1)
        let clients = try (0..<3).map { _ in try Stub(on: loop, database: database) }
        for client in clients { client.pipeline.connect() }
        try clients[0].turn(atMost: 14) { clients.allSatisfy { !$0.events.isEmpty } }
        #expect(clients.allSatisfy { $0.pipeline.isBroken && $0.lastError?.message.contains("name server") == true })
        #expect(names.asked == 1)
    }

    @Test("A name is looked up once for all connections, and again for each later one")
    func oneLookUp() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        names.set("db.test", "127.0.0.1")
        let database = try database("db.test", server.port)
        let clients = try (0..<5).map { _ in try Stub(on: loop, database: database) }
        for client in clients { client.pipeline.connect() }
        try clients[0].turn { clients.allSatisfy { $0.pipeline.isReady } }
        #expect(names.asked == 1)
        try clients[0].turn(seconds: 1.1)
        server.cut()
        try clients[0].turn { clients.allSatisfy { $0.pipeline.connectCount == 2 } }
        #expect(names.asked == 2 && names.most == 1)
    }

    @Test("When the name server fails, the last known addresses are used", arguments: [true, false])
    func lastGoodAddress(isSilent: Bool) throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        names.set("db.test", "127.0.0.1")
        let client = try connect(database("db.test", server.port))
        try client.turn(seconds: 1.1)
        if isSilent { names.beSilent(true) } else { names.fail("db.test") }
        defer { names.beSilent(false) }
        for round in 2...4 {
            server.cut()
            try client.turn(atMost: 2.5) { client.pipeline.connectCount == round }
        }
        #expect(names.most == 1)
    }

    @Test("A changed address is used for new connections")
    func moved() throws {
        let old = try TestRelay(on: loop, address: "127.0.0.2")
        let new = try TestRelay(on: loop, address: "127.0.0.3", port: old.port)
        defer { [old, new].forEach { $0.close() } }
        names.set("db.test", "127.0.0.2")
        let client = try connect(database("db.test", old.port))
        try client.turn(seconds: 1.1)
        names.set("db.test", "127.0.0.3")
        old.cut()
        try client.turn { client.pipeline.connectCount == 2 }
        #expect(old.count == 1 && new.count == 1)
    }

    @Test("All addresses of a name are tried, and all hosts of the URL, whether their names are known or not")
    func allAddresses() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        names.set("db.test", "::1", "127.0.0.2", "127.0.0.1")
        _ = try connect(database("db.test", server.port), atMost: 3)
        _ = try connect(database("nowhere.test,db.test", server.port), atMost: 3)
        _ = try connect(database("nowhere.test,127.0.0.1", server.port), atMost: 3)
        #expect(server.count == 3)
    }

    @Test("A host with a known address does not wait for another host's name")
    func addressBesideName() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        names.beSilent(true)
        defer { names.beSilent(false) }
        _ = try connect(database("db.test,127.0.0.1", server.port), atMost: 3)
    }

    @Test("Addresses and paths are not looked up")
    func noName() throws {
        let url = try TestServer.url()
        names.set("localhost", "127.0.0.1")
        _ = try connect(Database(url: url, on: loop, resolver: { [names] in names.answer($0) }))
        #expect(try names.asked == (ConnectionString.environment(of: url)["PGHOST"] == "localhost" ? 1 : 0))
    }

    @Test("The error about an unknown host has its name, and no text that is not a host name")
    func unknownName() throws {
        for (host, said) in [("nowhere.test", "\"nowhere.test\""), ("secret@db.test", "is not a valid host name")] {
            let client = try Stub(on: loop, database: database(host, 1))
            client.pipeline.connect()
            try client.turn { !client.events.isEmpty }
            let message = client.lastError?.message ?? ""
            #expect(message.contains(said) && !message.contains("secret"), "\(message)")
        }
    }

    @Test("The system looks up the machine's own name", arguments: ["localhost", "127.1"])
    func system(name: String) {
        guard case .addresses(let found) = NameLookUp.addresses(of: name) else {
            Issue.record("not found")
            return
        }
        #expect(found.contains("127.0.0.1") && Set(found).count == found.count)
        #expect(NameLookUp.addresses(of: "") != .addresses([]))
    }
}
