import Base
import EventLoop
import Glibc
import Testing

@testable import PostgreSQL

/// A pipeline with a real server.
@Suite struct PipelineTests {
    typealias Stub = PipelineClientStub

    @Test("The results of many statements of one turn arrive in order, with one sync at their end")
    func order() throws {
        let client = try Stub()
        try client.connect()
        for number in 0..<500 as Range<Int64> { client.send(Stub.double, number) }
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        #expect(client.events == (0..<500).map { .rows($0 * 2) } + [.synced])
    }

    @Test("A failed statement rolls back only its own transaction")
    func oneRefused() throws {
        let client = try Stub()
        try client.connect()
        for divisors in [[1, 0, 2], [5], [0], [2]] as [[Int64]] {
            for divisor in divisors { client.send(Stub.divide, divisor) }
            client.pipeline.sendSync()
        }
        try client.turn { client.events.count { $0 == .synced } == 4 }
        #expect(
            client.events == [
                .rows(10), .failed("22012"), .skipped, .synced, .rows(2), .synced, .failed("22012"), .synced, .rows(5),
                .synced,
            ])
    }

    @Test("Statements may be sent from where results arrive")
    func reentrance() throws {
        let client = try Stub()
        try client.connect()
        client.onEvent = { event in
            guard case .rows(let number) = event, number < 1_000 else { return }
            client.send(Stub.double, number)
            client.pipeline.sendSync()
        }
        client.send(Stub.double, 1)
        client.pipeline.sendSync()
        try client.turn { client.events.count { $0 == .synced } == 10 }
        #expect(client.events.contains(.rows(1_024)))
        client.onEvent = nil
    }

    @Test("Megabytes in both directions pass through a repeatedly full socket")
    func backPressure() throws {
        let echo = Statement("select length($1)::bigint, $1", parameters: [.text])
        let client = try Stub(statements: [echo])
        try client.connect()
        let text = String(repeating: "é", count: 500_000)
        for _ in 0..<20 {
            var parameters = Parameters()
            parameters.append(text)
            client.pipeline.send(echo, parameters)
            client.pipeline.sendSync()
        }
        try client.turn { client.events.count { $0 == .synced } == 20 }
        #expect(client.events.count { $0 == .rows(500_000) } == 20)
    }

    @Test("A session that is terminated while idle is restored, with all statements prepared")
    func terminatedWhileIdle() throws {
        let client = try Stub()
        try client.connect()
        try terminate(client)
        try client.turn { client.events.contains(.ready) }
        #expect(client.events.count == 2)
        client.send(Stub.double, 21)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        #expect(client.events.contains(.rows(42)))
        #expect(!client.pipeline.isBroken)
    }

    @Test("A session that is not needed is not restored until it is")
    func asleep() throws {
        let client = try Stub()
        try client.connect()
        client.needsConnection = false
        try terminate(client)
        try client.turn { !client.pipeline.isReady }
        for _ in 0..<10 { try client.loop.turn(timeout: 10_000_000) }
        #expect(client.events.count == 1 && !client.pipeline.isBroken)
        client.pipeline.connect()
        try client.turn { client.pipeline.isReady }
    }

    @Test("A probe detects an idle session that was just terminated, before a statement is lost on it")
    func probe() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.pid)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        guard case .rows(let pid) = client.events[0] else { return }
        try client.turn(seconds: 0.07)
        _ = try TestServer.connect().execute("select pg_terminate_backend(\(pid), 5000)")
        client.pipeline.probe()
        #expect(!client.pipeline.isReady)
    }

    @Test("A statement whose server ends the session is known to be rolled back, and the session is restored")
    func terminatedInFlight() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.pid)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        guard case .rows(let pid) = client.events[0] else { return }
        client.send(Stub.sleep, 100)
        client.pipeline.sendSync()
        client.events = []
        for _ in 0..<5 { try client.loop.turn(timeout: 10_000_000) }
        _ = try TestServer.connect().execute("select pg_terminate_backend(\(pid))")
        try client.turn { client.events.contains(.ready) }
        #expect(client.events == [.lost("57P01"), .ready])
        #expect(client.knowledge == .noneCommitted)
    }

    @Test("No statement is sent on an abandoned session")
    func abandoned() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.double, 1)
        client.pipeline.abandon("enough")
        #expect(!client.pipeline.isReady)
        client.send(Stub.double, 2)
        client.pipeline.sendSync()
        try client.turn { client.events.contains(.ready) }
        #expect(client.events == [.lost("-"), .ready])
    }

    @Test("A statement in row-by-row mode gives its rows one at a time, its neighbours all at once")
    func rowByRow() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.double, 1)
        for _ in 0..<2 { client.send(Stub.count, 3, rowByRow: true) }
        client.send(Stub.count, 3)
        client.pipeline.sendSync()
        client.send(Stub.count, 0, rowByRow: true)
        client.pipeline.sendSync()
        try client.turn { client.events.count { $0 == .synced } == 2 }
        let three: [Stub.Event] = [.row(1), .row(2), .row(3), .rows(0)]
        #expect(client.events == [.rows(2)] + three + three + [.rows(1), .synced, .rows(0), .synced])
    }

    @Test("A paused pipeline receives nothing until it resumes, and then everything")
    func pause() throws {
        let client = try Stub()
        try client.connect()
        client.onEvent = { event in
            if event == .row(10) { client.pipeline.pause() }
        }
        client.send(Stub.count, 100_000, rowByRow: true)
        client.pipeline.sendSync()
        try client.turn(seconds: 0.2)
        #expect(client.events.count == 10)
        client.pipeline.resume()
        try client.turn { client.events.last == .synced }
        #expect(client.events.count == 100_002)
        client.onEvent = nil
    }

    @Test("A session that ends while its pipeline is paused is reported lost when it resumes")
    func lostWhilePaused() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.pid)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        guard case .rows(let pid) = client.events[0] else { return }
        client.onEvent = { event in
            if event == .row(10) { client.pipeline.pause() }
        }
        client.send(Stub.count, 10_000_000, rowByRow: true)
        client.pipeline.sendSync()
        try client.turn { client.events.contains(.row(10)) }
        _ = try TestServer.connect().execute("select pg_terminate_backend(\(pid), 5000)")
        try client.turn(seconds: 0.1)
        #expect(client.events.last == .row(10))
        client.pipeline.resume()
        try client.turn { client.events.contains { if case .lost = $0 { true } else { false } } }
        client.onEvent = nil
    }

    @Test(
        "The knowledge about commits after a loss follows from the error's severity, position and source",
        arguments: [
            ("57P01", .fatal, false, .noneCommitted), ("57P01", .fatal, true, .onlyOldestMayHaveCommitted),
            ("58030", .panic, true, .onlyOldestMayHaveCommitted), ("58030", .panic, false, .onlyOldestMayHaveCommitted),
            ("08P01", .fatal, false, .eachMayHaveCommitted), (nil, nil, false, .eachMayHaveCommitted),
        ] as [(String?, PostgreSQLError.Severity?, Bool, LossKnowledge)])
    func knowledge(code: String?, severity: PostgreSQLError.Severity?, atSync: Bool, expected: LossKnowledge) {
        let error = PostgreSQLError(sqlState: code.map(SQLState.init), severity: severity, message: "")
        #expect(LossKnowledge(error, atSync: atSync) == expected)
        #expect(error.endsSession)
    }

    @Test("An error of a cluster's node leaves the session usable")
    func errorOfNode() throws {
        let failing = Statement(
            "select 1 / (case when $1 = 0 then raise_connection_failure() else 1 end)::bigint", parameters: [.bigint])
        try TestServer.connect().execute(
            """
            create or replace function raise_connection_failure() returns int language plpgsql as
                $$ begin raise exception 'a node is away' using errcode = '08006'; end $$
            """)
        let client = try Stub(statements: [failing])
        try client.connect()
        for number in [0, 1] as [Int64] {
            client.send(failing, number)
            client.pipeline.sendSync()
        }
        try client.turn { client.events.count { $0 == .synced } == 2 }
        #expect(client.events == [.failed("08006"), .synced, .rows(1), .synced])
    }

    @Test("A statement that a pooler's session has prepared already is no failure")
    func duplicateStatement() throws {
        let client = try Stub(statements: [Stub.double, Stub.double, Stub.divide])
        try client.connect()
        client.send(Stub.divide, 5)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        #expect(client.events == [.rows(2), .synced])
    }

    @Test("A session without its prepared statements reports that, and works after a reconnect")
    func unknownStatement() throws {
        let client = try Stub()
        try client.connect()
        client.send(Stub.forget)
        client.pipeline.sendSync()
        client.send(Stub.double, 1)
        client.pipeline.sendSync()
        try client.turn { client.events.count { $0 == .synced } == 2 }
        #expect(client.events == [.rows(0), .synced, .failed("26000"), .synced])
        client.pipeline.abandon("lost its statements")
        try client.turn { client.events.contains(.ready) }
        client.send(Stub.double, 1)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        #expect(client.events.suffix(2) == [.rows(2), .synced])
    }

    @Test("A statement that cannot be prepared, or a refused check, fails the connection")
    func refusedSetUp() throws {
        let wrong = try Stub(statements: [Statement("select from nowhere_at_all", parameters: [])])
        wrong.pipeline.connect()
        try wrong.turn { wrong.events.count >= 2 }
        #expect(wrong.events.allSatisfy { $0 == .lost("42P01") } && wrong.pipeline.isBroken)

        let refusing = try Stub()
        refusing.refusal = "not this one"
        refusing.pipeline.connect()
        try refusing.turn { refusing.events.count >= 2 }
        #expect(refusing.events.allSatisfy { $0 == .lost("TODO0") })
        refusing.refusal = nil
        try refusing.turn { refusing.pipeline.isReady }
    }

    @Test(
        "Without a server, attempts continue with growing delays",
        arguments: ["host=/nonexistent", "host=127.0.0.1 port=1", "nonsense", "host=/nonexistent,127.0.0.1 port=1"])
    func unreachable(url: String) throws {
        let client = try Stub(url: url)
        client.pipeline.connect()
        try client.turn(seconds: 0.5)
        #expect(client.events.allSatisfy { $0 == .lost("-") })
        #expect((2...8).contains(client.events.count), "\(client.events.count)")
        #expect(client.pipeline.isBroken)
    }

    @Test("An attempt to connect to a server that never answers ends with a timeout")
    func blackHole() throws {
        var template = Array("/tmp/todo-hole-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        let path = "\(folder)/.s.PGSQL.5432"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0 && listen(listener, 8) == 0)
        defer {
            close(listener)
            unlink(path)
            rmdir(folder)
        }
        let client = try Stub(url: "host=\(folder) port=5432")
        let begin = Clock.monotonic
        client.pipeline.connect()
        try client.turn(atMost: 15) { !client.events.isEmpty }
        let seconds = Double(Clock.monotonic - begin) / 1e9
        #expect(client.events == [.lost("-")] && seconds > 11.9 && seconds < 13)
    }

    /// Ends the session of an idle client from the server's side.
    private func terminate(_ client: Stub) throws {
        client.send(Stub.pid)
        client.pipeline.sendSync()
        try client.turn { client.events.last == .synced }
        guard case .rows(let pid) = client.events[0] else { return }
        client.events = []
        _ = try TestServer.connect().execute("select pg_terminate_backend(\(pid), 5000)")
    }
}

extension PipelineClientStub {
    func turn(seconds: Double) throws {
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        while Clock.monotonic < end { try loop.turn(timeout: 5_000_000) }
    }
}
