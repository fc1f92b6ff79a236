import Base
import EventLoop
import Glibc
import Testing

@testable import PostgreSQL

/// The time to a connection when servers are silent, refuse, or are suspended.
@Suite struct ConnectorTests {
    typealias Stub = PipelineClientStub

    private let loop: EventLoop

    init() throws {
        loop = try EventLoop()
    }

    private func client(_ hosts: String, ports: UInt16...) throws -> Stub {
        let ports = ports.map(String.init).joined(separator: ",")
        let user = try TestServer.connect().user
        return try Stub(url: "host=\(hosts) port=\(ports) user=\(user) dbname=postgres", on: loop)
    }

    /// Seconds until the client can send statements.
    private func secondsToReady(_ client: Stub, atMost seconds: Double = 20) throws -> Double {
        let begin = Clock.monotonic
        client.pipeline.connect()
        try client.turn(atMost: seconds) { client.pipeline.isReady }
        return Double(Clock.monotonic - begin) / 1e9
    }

    @Test("After three seconds without an answer on an open connection the next host is tried")
    func silentHost() throws {
        let (silent, server) = (try TestRelay(on: loop, address: "127.0.0.2"), try TestRelay(on: loop))
        defer { [silent, server].forEach { $0.close() } }
        silent.isSilent = true
        let client = try client("127.0.0.2,127.0.0.1", ports: silent.port, server.port)
        let seconds = try secondsToReady(client)
        #expect(seconds > 2.9 && seconds < 4.5, "\(seconds)")
        #expect(client.events == [.ready])
    }

    @Test("After three seconds without an accepted connection the next host is tried")
    func blackHole() throws {
        // Its queue is full with one connection, and further ones are not answered.
        let (hole, port) = try listeningSocket("127.0.0.2", backlog: 0)
        let fillers = (0..<2).map { _ in connectTo("127.0.0.2", port) }
        let server = try TestRelay(on: loop)
        defer {
            server.close()
            for descriptor in fillers + [hole] { close(descriptor) }
        }
        let client = try client("127.0.0.2,127.0.0.1", ports: port, server.port)
        let seconds = try secondsToReady(client)
        #expect(seconds > 2.9 && seconds < 4.5, "\(seconds)")
    }

    @Test("After a refused connection the next host is tried at once, also when a session is lost")
    func refusingHost() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        let client = try client("127.0.0.2,127.0.0.1", ports: 1, server.port)
        #expect(try secondsToReady(client) < 2)
        for _ in 0..<3 {
            server.cut()
            try client.turn { !client.pipeline.isReady }
            try client.turn(atMost: 2) { client.pipeline.isReady }
        }
    }

    @Test("A single suspended server is waited for, without reporting a failure")
    func sleepingServer() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        server.isSilent = true
        let client = try client("127.0.0.1", ports: server.port)
        client.pipeline.connect()
        try client.turn(seconds: 7)
        #expect(client.events == [] && !client.pipeline.isBroken && client.pipeline.connectCount == 0)
        server.wake()
        try client.turn(atMost: 2) { client.pipeline.isReady }
        #expect(client.events == [.ready] && client.pipeline.connectCount == 1)
    }

    @Test("When existing connections hang, a new one is made within three seconds")
    func halfOpenServer() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        server.isSilent = true
        let client = try client("127.0.0.1", ports: server.port)
        client.pipeline.connect()
        try client.turn(seconds: 3.5)
        // Existing connections stay silent.
        server.isSilent = false
        try client.turn(atMost: 4.5) { client.pipeline.isReady }
        #expect(server.count == 3)
    }

    @Test("A host that keeps losing its session is retried with a delay, and the next host is tried")
    func rotation() throws {
        let servers = [try TestRelay(on: loop, address: "127.0.0.2"), try TestRelay(on: loop)]
        defer { servers.forEach { $0.close() } }
        let client = try client("127.0.0.2,127.0.0.1", ports: servers[0].port, servers[1].port)
        _ = try secondsToReady(client)
        for round in 1...4 {
            client.pipeline.abandon("not this one")
            try client.turn { client.pipeline.connectCount == round + 1 }
        }
        #expect(servers.map(\.count) == [3, 2])
    }

    @Test(
        "target_session_attrs is checked for each host",
        arguments: ["read-write", "primary", "prefer-standby", "any"])
    func attributes(wanted: String) throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        let client = try client("127.0.0.2,127.0.0.1 target_session_attrs=\(wanted)", ports: 1, server.port)
        #expect(try secondsToReady(client) < 2)
        // There is no standby: the primary is tried twice.
        #expect(server.count == (wanted == "prefer-standby" ? 2 : 1))
    }

    @Test("A server without the required session attributes is tried again")
    func wrongAttributes() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        let client = try client("127.0.0.1 target_session_attrs=standby", ports: server.port)
        client.pipeline.connect()
        try client.turn(seconds: 0.5)
        #expect(client.events.count >= 2 && client.events.allSatisfy { $0 == .lost("-") })
        #expect(client.lastError?.message.contains("standby") == true, "\(client.lastError?.message ?? "")")
    }

    @Test(
        "A refused login is retried slowly, and its SQLSTATE is known",
        arguments: [("user=nobody_at_all", "28000"), ("dbname=nowhere_at_all", "3D000")])
    func refusedLogin(option: String, code: String) throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        let user = try TestServer.connect().user
        let url = "host=127.0.0.1 port=\(server.port) user=\(user) dbname=postgres \(option)"
        let client = try Stub(url: url, on: loop)
        client.pipeline.connect()
        try client.turn(seconds: 2)
        #expect(client.events == [.lost(code)])
        #expect(client.lastError?.severity == .fatal && client.pipeline.phase == .waiting)
        #expect(client.lastError?.message.contains("failed: FATAL:  ") == true)
    }

    @Test("A login refused for too many connections is retried soon")
    func noRoom() throws {
        let server = try TestRelay(on: loop)
        defer { server.close() }
        let admin = try TestServer.connect()
        let role = "todo_crowded_\(UInt32.random(in: 0 ... .max))"
        try admin.execute("create role \(role) login connection limit 0")
        defer { _ = try? admin.execute("drop role \(role)") }
        let client = try Stub(url: "host=127.0.0.1 port=\(server.port) user=\(role) dbname=postgres", on: loop)
        client.pipeline.connect()
        try client.turn(seconds: 3)
        #expect(client.events.count >= 4 && client.events.allSatisfy { $0 == .lost("53300") })
        try admin.execute("alter role \(role) connection limit 5")
        try client.turn(atMost: 2.5) { client.pipeline.isReady }
    }
}

/// A socket that connects without blocking.
private func connectTo(_ address: String, _ port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    inet_pton(AF_INET, address, &name.sin_addr)
    _ = withUnsafePointer(to: name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    return descriptor
}
