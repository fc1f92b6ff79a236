import FastCGI
import Testing

extension FastCGITests {
    @Suite("Connections that break")
    struct BrokenConnectionTests {
        /// Every kind of parameter: short and long, so that cuts fall into lengths, names, values and padding.
        private static var call: Call {
            var call = Call("POST", "/cut", body: Array("{\"title\": \"x\"}".utf8))
            call.parameters += [("HTTP_AUTHORIZATION", String(repeating: "t", count: 200)), ("EMPTY", "")]
            return call
        }

        @Test("A request cut off within its parameters is dropped, and its connection is closed at once")
        func cutHead() throws {
            let bench = try Bench()
            let head = Self.call.head
            for length in 0..<head.count {
                let peer = try bench.connect()
                peer.send(Array(head.prefix(length)))
                peer.endSending()
                try bench.turn(2)
                #expect(bench.recorder.received.isEmpty, "cut behind byte \(length)")
                #expect(bench.server.connectionCount == 0, "cut behind byte \(length)")
                #expect(peer.sawEnd)
            }
            #expect(try bench.serves())
        }

        @Test("A request whose peer closes before it is read is dropped, wherever it was cut off")
        func closedAnywhere() throws {
            let bench = try Bench()
            let bytes = Self.call.bytes
            for length in 0...bytes.count {
                let peer = try bench.connect()
                peer.send(Array(bytes.prefix(length)))
                peer.close()
                try bench.turn()
                #expect(bench.server.connectionCount == 0)
            }
            #expect(bench.recorder.received.isEmpty)
            #expect(try bench.serves())
        }

        @Test("A peer that closes before it was accepted leaves no connection")
        func closedBeforeAccept() throws {
            let bench = try Bench()
            for _ in 0..<20 { Peer(to: bench.path).close() }
            try bench.turn(41)
            #expect(bench.server.connectionCount == 0)
            #expect(try bench.serves())
        }

        @Test("A peer that leaves while its request runs is reported, and the late answer is dropped")
        func closedWhileRunning() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            var connection: Connection<Recorder>?
            bench.recorder.observe = { connection = $0 }
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            let id = try #require(bench.recorder.received.first?.id)
            let running = try #require(connection)
            #expect(bench.server.connection(running: id) === running)
            peer.close()
            try bench.turn()
            #expect(bench.server.connectionCount == 0)
            #expect(bench.server.connection(running: id) == nil)
            #expect(bench.recorder.abandoned == [id])
            // An answer on a retained connection has no effect either.
            #expect(running.text("REQUEST_URI") == nil)
            running.answer("too late".utf8Span.span)
            bench.recorder.answer = []
            #expect(try bench.serves())
        }

        @Test(
            "A peer that leaves before the answer of the same turn is noticed by the write")
        func closedUnnoticed() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            let id = try #require(bench.recorder.received.first?.id)
            let running = try #require(bench.server.connection(running: id))
            peer.close()
            running.answer("to nobody".utf8Span.span)
            #expect(bench.server.connectionCount == 0)
            #expect(bench.server.connection(running: id) == nil)
            running.answer("to nobody".utf8Span.span)
            try bench.turn(2)
            bench.recorder.answer = []
            #expect(try bench.serves())
        }

        @Test("A peer that leaves after its answer, or with the answer unread, is closed", arguments: [false, true])
        func closedAfter(reads: Bool) throws {
            let bench = try Bench()
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            if reads { #expect(peer.replies.count == 1) }
            peer.close()
            try bench.turn()
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A peer that sends no more still gets its answer, and is then closed", arguments: [true, false])
        func halfClosed(isKept: Bool) throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            let peer = try bench.connect()
            peer.send(isKept ? Call() : Call().last)
            try bench.turn()
            peer.endSending()
            try bench.turn(2)
            let id = try #require(bench.recorder.received.first?.id)
            let running = try #require(bench.server.connection(running: id))
            running.answer("answer".utf8Span.span)
            try bench.turn(2)
            #expect(peer.replies.map(\.text) == ["answer"])
            #expect(peer.sawEnd)
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A slot that is used again does not take an answer to the request before")
        func slotReused() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            var names: Set<RequestID> = []
            for _ in 0..<50 {
                let peer = try bench.connect()
                peer.send(Call())
                try bench.turn()
                let id = try #require(bench.recorder.received.last?.id)
                #expect(id.slot == 0)
                for old in names { #expect(bench.server.connection(running: old) == nil) }
                #expect(names.insert(id).inserted)
                #expect(bench.server.connection(running: RequestID(rawValue: id.rawValue)) != nil)
                peer.close()
                try bench.turn()
            }
            // On a kept connection too: the first request's id is invalid once it is answered.
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            let first = try #require(bench.recorder.received.last?.id)
            let connection = try #require(bench.server.connection(running: first))
            connection.answer("1".utf8Span.span)
            #expect(bench.server.connection(running: first) == nil)
            peer.send(Call())
            try bench.turn()
            #expect(bench.server.connection(running: first) == nil)
            #expect(bench.server.connection(running: connection.id) === connection)
            for unknown: UInt64 in [0, 1 << 32 | 99, .max] {
                #expect(bench.server.connection(running: RequestID(rawValue: unknown)) == nil)
            }
        }

        @Test(
            "A peer that stalls in the middle is closed at its deadline, and others are served meanwhile",
            arguments: [
                ("in a header", 5), ("behind BEGIN", 16), ("in a parameter", 30),
                ("between two parameters", 16 + 8 + Record.pair("REQUEST_METHOD", "GET").count),
                ("behind the parameters", Call().head.count - 8), ("in their end", Call().head.count - 4),
            ])
        func stalled(_ place: String, _ length: Int) throws {
            let bench = try Bench(peerMilliseconds: 250)
            let peer = try bench.connect()
            let other = try bench.connect()
            peer.send(Array(Call().bytes.prefix(length)))
            other.send(Call("GET", "/other"))
            try bench.turn()
            #expect(other.replies.count == 1 && !peer.sawEnd)
            let took = try bench.time { peer.sawEnd }
            #expect(took >= 240 && took < 490)
            #expect(bench.server.connectionCount == 1)
            #expect(bench.recorder.received.map(\.target) == ["/other"])
        }

        @Test("A peer that stalls in its body gets an error and is closed at its deadline")
        func stalledBody() throws {
            let bench = try Bench(peerMilliseconds: 250)
            let peer = try bench.connect()
            peer.send(Array(Self.call.bytes.dropLast(12)))
            let took = try bench.time { peer.sawEnd }
            #expect(took >= 240 && took < 490)
            #expect(bench.recorder.received.map(\.isIncomplete) == [true])
            #expect(peer.replies.count == 1)
        }

        struct Garbage: CustomTestStringConvertible {
            let testDescription: String
            let bytes: [UInt8]

            init(_ name: String, _ bytes: [UInt8]) {
                testDescription = name
                self.bytes = bytes
            }
        }

        private static let begin = Record.begin()

        @Test(
            "Garbage instead of a request closes the connection and does not reach the handler",
            arguments: [
                Garbage("HTTP", Array("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8)),
                Garbage("zeros", [UInt8](repeating: 0, count: 64)),
                Garbage("ones", [UInt8](repeating: 0xFF, count: 9_000)),
                Garbage("another version", [2] + Record.begin().dropFirst()),
                Garbage("BEGIN that is too short", Record.make(.begin, [0, 1, 1])),
                Garbage("BEGIN that is too long", Record.make(.begin, [UInt8](repeating: 1, count: 9))),
                Garbage("BEGIN of no request", Record.begin(id: 0)),
                Garbage("an unknown role", Record.begin(role: 9) + Call().head.dropFirst(16) + Call().end),
                Garbage("parameters without BEGIN", Array(Call().bytes.dropFirst(16))),
                Garbage("a body without BEGIN", Record.make(.input, [1, 2, 3])),
                Garbage("a body instead of parameters", begin + Record.make(.input, [1, 2, 3])),
                Garbage("an abort instead of parameters", begin + Record.make(.abort, [])),
                Garbage("an answer instead of parameters", begin + Record.make(.output, [65, 66])),
                Garbage(
                    "a name that ends early",
                    begin + Record.make(.parameters, [200, 1, 65]) + Record.make(.parameters, []) + Call().end),
                Garbage(
                    "a value that ends early",
                    begin + Record.make(.parameters, [1, 9, 65, 66]) + Record.make(.parameters, []) + Call().end),
                Garbage(
                    "a length that ends early",
                    begin + Record.make(.parameters, [0x80, 0]) + Record.make(.parameters, []) + Call().end),
                Garbage(
                    "a length of 100 KB with nothing behind it",
                    begin + Record.make(.parameters, [0x80, 1, 0x86, 0xA0, 0, 1]) + Record.make(.parameters, [])),
            ], [10_000, 7])
        func garbage(_ garbage: Garbage, inPiecesOf size: Int) throws {
            let bench = try Bench(peerMilliseconds: 200)
            let peer = try bench.connect()
            for start in stride(from: 0, to: garbage.bytes.count, by: size) where !peer.sawEnd {
                _ = Wire.send(peer.descriptor, Array(garbage.bytes.dropFirst(start).prefix(size)))
                try bench.turn()
            }
            peer.endSending()
            try bench.turn(3)
            #expect(bench.recorder.received.isEmpty)
            #expect(bench.server.connectionCount == 0)
            #expect(peer.sawEnd)
            #expect(try bench.serves())
        }

        @Test("Garbage after a request closes the connection after the request's answer")
        func garbageBehind() throws {
            let bench = try Bench(peerMilliseconds: 200)
            let peer = try bench.connect()
            #expect(try bench.serves(peer))
            peer.send(Array("garbage!".utf8))
            try bench.turn(2)
            #expect(peer.replies.count == 1)
            #expect(peer.sawEnd)
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A request with any single wrong byte crashes nothing, and the next peer is served")
        func mutations() throws {
            let bench = try Bench(peerMilliseconds: 200)
            // Without lengths of four bytes: from 2 GB on, the library aborts for want of memory.
            let call = Call("POST", "/wrong", body: Array("{\"title\": \"x\"}".utf8))
            let bytes = call.bytes
            for index in bytes.indices {
                for change: UInt8 in [0x01, 0x08, 0x7F] {
                    var changed = bytes
                    changed[index] ^= change
                    let peer = Peer(to: bench.path)
                    peer.send(changed)
                    peer.endSending()
                    try bench.turn(3)
                    peer.close()
                    try bench.turn()
                    #expect(bench.server.connectionCount == 0, "byte \(index) ^ \(change)")
                }
            }
            #expect(try bench.serves())
        }

        @Test("A server that is freed while requests run closes its connections, and late answers have no effect")
        func serverGone() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            var running: [Connection<Recorder>] = []
            bench.recorder.observe = { running.append($0) }
            let peers = [try bench.connect(), try bench.connect(), try bench.connect()]
            for peer in peers.dropLast() { peer.send(Call()) }
            try bench.turn()
            // This one has more waiting when its answer is given, and is on the list for the turn's end.
            peers[0].send(Call())
            try bench.turn()
            running[0].answer("first".utf8Span.span)
            bench.closeServer()
            for connection in running { connection.answer("late".utf8Span.span) }
            try bench.turn(2)
            #expect(peers.allSatisfy { $0.sawEnd })
            #expect(running.count >= 2)
            bench.recorder.observe = nil
        }
    }
}
