import Base
import EventLoop
import FastCGI
import Glibc
import Testing

extension FastCGITests {
    @Suite("A server and its connections")
    struct ServerTests {
        @Test("2,000 idle connections do not slow down a busy one")
        func idle() throws {
            raiseDescriptorLimit()
            let bench = try Bench()
            let idle = (0..<2_000).map { _ in Peer(to: bench.path) }
            try bench.turn(2_000)
            #expect(bench.server.connectionCount == 2_000)
            let busy = try bench.connect()
            for number in 1...200 {
                busy.send(Call("GET", "/\(number)"))
                try bench.turn()
                try #require(busy.replies.count == number)
            }
            for peer in [idle[0], idle[999], idle[1_999]] { #expect(try bench.serves(peer)) }
            for peer in idle { peer.close() }
            #expect(try bench.turn { bench.server.connectionCount == 1 })
            #expect(try bench.serves(busy))
        }

        @Test("One turn accepts one connection: another process may accept the next")
        func oneATurn() throws {
            let bench = try Bench()
            let peers = (0..<5).map { _ in Peer(to: bench.path) }
            for number in 1...5 {
                try bench.turn()
                #expect(bench.server.connectionCount == number)
            }
            #expect(peers.count == 5)
        }

        @Test("It has caught up when no connection waits to be accepted and all ready connections were read")
        func caughtUp() throws {
            let bench = try Bench()
            try bench.turn()
            let quiet = bench.loop.now
            let peers = (0..<5).map { _ in Peer(to: bench.path) }
            for _ in 1...5 {
                try bench.turn()
                #expect(bench.server.caughtUpAt == quiet, "one may have waited since then")
            }
            // The last turn accepted the last of them, and the next sees that no more wait.
            try bench.turn(2)
            #expect(bench.server.caughtUpAt > quiet)
            #expect(peers.count == 5)
        }

        @Test("Two servers on one socket share its connections")
        func shared() throws {
            let path = temporaryPath()
            defer { removeFolder(of: path) }
            let socket = try ListeningSocket.bound(to: path)
            let loops = [try EventLoop(), try EventLoop()]
            let recorder = Recorder()
            let servers = try loops.map { try Server<Recorder>(accepting: socket, on: $0) }
            for server in servers { server.handler = recorder }
            let peers = (0..<10).map { _ in Peer(to: path) }
            for _ in 0..<5 { for loop in loops { try loop.turn(timeout: 0) } }
            #expect(servers.map(\.connectionCount) == [5, 5])
            for peer in peers { peer.send(Call()) }
            for loop in loops { try loop.turn(timeout: 0) }
            #expect(peers.allSatisfy { $0.replies.count == 1 })
            for (server, loop) in zip(servers, loops) {
                server.drain(until: 0)
                try loop.turn(timeout: 0)
            }
        }

        @Test("A process without free descriptors waits for one without spinning")
        func noDescriptors() async {
            await #expect(processExitsWith: .success) {
                let bench = try Bench()
                let first = try bench.connect()
                // Connected, and waiting for an accept that will not succeed.
                let second = Peer(to: bench.path)
                // Below every descriptor that is open, so that one which another thread closes does not matter.
                let limit = try descriptorLimit(1)

                var turns = 0
                let end = Clock.monotonic + 350_000_000
                while Clock.monotonic < end {
                    try bench.loop.turn(timeout: 20_000_000)
                    turns += 1
                }
                #expect(turns < 30)
                #expect(bench.server.connectionCount == 1)
                #expect(try bench.serves(first))

                _ = try descriptorLimit(limit)
                #expect(try bench.serves(second))
                #expect(bench.server.connectionCount == 2)
            }
        }

        // MARK: Draining

        @Test("A drain without connections is over at once")
        func drainOfNothing() throws {
            let bench = try Bench()
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: .max)
            #expect(drained == 1)
            bench.server.drain(until: .max)
            try bench.turn(2)
            #expect(drained == 1)
        }

        @Test("A drain serves open connections until their peers close them")
        func drain() throws {
            let bench = try Bench()
            let (first, second) = (try bench.connect(), try bench.connect())
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: Clock.monotonic + 60_000_000_000)
            let late = Peer(to: bench.path)
            try bench.turn(3)
            #expect(bench.server.connectionCount == 2)
            #expect(try bench.serves(first))
            #expect(try bench.serves(first))
            first.close()
            try bench.turn()
            #expect(drained == 0)
            #expect(try bench.serves(second, Call().last))
            #expect(drained == 1)
            #expect(bench.server.connectionCount == 0)
            #expect(late.replies.isEmpty)
        }

        @Test("A drain ends with the answer to the last request that runs")
        func drainOfRunning() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            let peer = try bench.connect()
            peer.send(Call().last)
            try bench.turn()
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: Clock.monotonic + 60_000_000_000)
            try bench.turn(2)
            #expect(drained == 0)
            let connection = try #require(bench.server.connection(running: bench.recorder.received[0].id))
            connection.answer("done".utf8Span.span)
            #expect(drained == 1)
            #expect(peer.replies.map(\.text) == ["done"])
        }

        @Test(
            "A connection that waited when the drain began is accepted: another process may not have been woken"
        )
        func drainTakesWaiting() throws {
            let bench = try Bench()
            let peers = (0..<3).map { _ in Peer(to: bench.path) }
            for peer in peers { peer.send(Call().last) }
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: Clock.monotonic + 60_000_000_000)
            #expect(bench.server.connectionCount == 3)
            try bench.turn()
            #expect(peers.allSatisfy { $0.replies.count == 1 })
            #expect(drained == 1)
        }

        @Test("At a drain's deadline idle connections are closed and running requests are not reported")
        func drainDeadline() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            let (idle, busy) = (try bench.connect(), try bench.connect())
            busy.send(Call())
            try bench.turn()
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: Clock.monotonic + 30_000_000)
            try bench.turn()
            #expect(drained == 0 && !idle.sawEnd)
            #expect(try bench.turn { drained == 1 })
            #expect(idle.sawEnd && !busy.sawEnd)
            #expect(bench.server.connectionCount == 1)
            let connection = try #require(bench.server.connection(running: bench.recorder.received[0].id))
            connection.answer("late".utf8Span.span)
            #expect(busy.replies.map(\.text) == ["late"])
            try bench.turn(2)
            #expect(drained == 1)
        }

        @Test("A deadline at which all connections are idle is reported once")
        func drainDeadlineOfIdle() throws {
            let bench = try Bench()
            let peers = [try bench.connect(), try bench.connect()]
            var drained = 0
            bench.server.whenDrained = { drained += 1 }
            bench.server.drain(until: 0)
            try bench.turn()
            #expect(drained == 1)
            #expect(peers.allSatisfy { $0.sawEnd })
            #expect(bench.server.connectionCount == 0)
        }
    }
}

/// Both ends of every connection are in this process.
private func raiseDescriptorLimit() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
}

/// Sets the limit for this process and gives the one before.
private func descriptorLimit(_ limit: rlim_t) throws -> rlim_t {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var both = rlimit()
    try #require(getrlimit(resource, &both) == 0)
    let before = both.rlim_cur
    both.rlim_cur = limit
    try #require(setrlimit(resource, &both) == 0)
    return before
}
