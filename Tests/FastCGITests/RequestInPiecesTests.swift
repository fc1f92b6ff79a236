import Base
import EventLoop
import FastCGI
import Glibc
import Testing

extension FastCGITests {
    @Suite("Requests that arrive in pieces")
    struct RequestInPiecesTests {
        private static let call = Call("POST", "/pieces", body: Array("{\"title\": \"in pieces\"}".utf8))

        @Test("Four peers that send a byte at a time delay no other request")
        func others() throws {
            let bench = try Bench()
            let other = try bench.connect()
            let peers = try (0..<4).map { _ in try bench.connect() }
            var slowest: UInt64 = 0
            for byte in Self.call.bytes {
                for peer in peers { peer.send([byte]) }
                slowest = max(slowest, try bench.time { try bench.serves(other) })
            }
            #expect(slowest < 500)
            #expect(try bench.turn { peers.allSatisfy { $0.replies.count == 1 } })
            let received = bench.recorder.received.filter { $0.target == "/pieces" }
            #expect(received.count == 4)
            #expect(received.allSatisfy { $0.body == Self.call.body && !$0.isIncomplete })
            for peer in peers { #expect(try bench.serves(peer)) }
        }

        @Test("A request may arrive in two pieces, cut anywhere")
        func cuts() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let bytes = Self.call.bytes
            for (number, cut) in (1..<bytes.count).enumerated() {
                peer.send(Array(bytes.prefix(cut)))
                try bench.turn()
                #expect(peer.replies.count == number)
                peer.send(Array(bytes.dropFirst(cut)))
                try bench.turn()
                try #require(peer.replies.count == number + 1, "cut behind byte \(cut)")
            }
            #expect(bench.recorder.received.allSatisfy { $0.body == Self.call.body && !$0.isIncomplete })
        }

        @Test(
            "A body up to the limit arrives whole and one beyond it is reported, in pieces too",
            arguments: [1_000, 65_535, 65_536, 200_000], [-1, 0, 1, 70_000])
        func limits(limit: Int, beyond: Int) throws {
            let bench = try Bench(bodyBytes: limit)
            let peer = try bench.connect()
            let body = (0..<limit + beyond).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
            for announced in [String(body.count), ""] {
                bench.recorder.forget()
                let bytes = Call.announcing(announced, body: body).bytes
                for start in stride(from: 0, to: bytes.count, by: 9_999) {
                    peer.send(Array(bytes[start..<min(start + 9_999, bytes.count)]))
                    try bench.turn()
                }
                #expect(try bench.turn { bench.recorder.received.count == 1 })
                let received = try #require(bench.recorder.received.first)
                #expect(received.isTooLarge == (beyond > 0) && !received.isIncomplete)
                #expect(received.body == (beyond > 0 ? [] : body))
            }
            #expect(try bench.serves(peer))
        }

        @Test("A peer that keeps sending single bytes still has a deadline for the whole request")
        func dripping() throws {
            let bench = try Bench(peerMilliseconds: 200, arrivalMilliseconds: 600)
            let peer = try bench.connect()
            var rest = Self.call.bytes[...]
            let took = try bench.time {
                if let byte = rest.popFirst(), !peer.sawEnd { _ = Wire.send(peer.descriptor, [byte]) }
                for _ in 0..<5 { try bench.loop.turn(timeout: 10_000_000) }
                return peer.sawEnd
            }
            #expect(took >= 590 && took < 900)
            #expect(bench.recorder.received.isEmpty)
        }

        @Test("The files in memory through which libfcgi reads are closed, with any content")
        func files() throws {
            let bench = try Bench()
            let malformed = Record.begin() + Record.make(.parameters, [200, 1, 65]) + Record.make(.parameters, [])
            var peers: [Peer] = []
            for bytes in [Self.call.bytes, malformed + Call().end, Call().last.bytes] {
                let peer = Peer(to: bench.path)
                peers.append(peer)
                try bench.turn()
                peer.send(Array(bytes.prefix(20)))
                try bench.turn()
                peer.send(Array(bytes.dropFirst(20)))
                try bench.turn()
            }
            #expect(bench.recorder.received.count == 2)
            let open = (0..<1_024).compactMap { number -> String? in
                var target = [UInt8](repeating: 0, count: 200)
                let count = readlink("/proc/self/fd/\(number)", &target, target.count)
                return count > 0 ? String(decoding: target[..<count], as: UTF8.self) : nil
            }
            #expect(open.count > 3 && !open.contains { $0.contains("memfd:request") })
        }

        // MARK: Large ones

        @Test("Sixteen large requests are collected at once, the others when those are complete")
        func queued() throws {
            let bench = try Bench(peerMilliseconds: 300)
            let call = Call("POST", "/large", body: [UInt8](repeating: 7, count: 100_000))
            let peers = try (0..<20).map { _ in try bench.connect() }
            for peer in peers { peer.send(Array(call.bytes.dropLast(10))) }
            try bench.turn(5)
            // Bytes that are not collected are still in the socket.
            #expect(peers.map(\.hasUnreadBytes) == (0..<20).map { $0 >= 16 })
            let other = try bench.connect()
            #expect(try bench.serves(other))
            // Twice a silent peer's deadline: queued requests have none.
            for byte in call.bytes.suffix(10).prefix(6) {
                for peer in peers.prefix(16) { peer.send([byte]) }
                let start = Clock.monotonic
                while Clock.monotonic < start + 100_000_000 { try bench.loop.turn(timeout: 10_000_000) }
            }
            #expect(bench.server.connectionCount == 21)
            for (number, peer) in peers.enumerated() { peer.send(Array(call.bytes.suffix(number < 16 ? 4 : 10))) }
            #expect(try bench.turn { peers.allSatisfy { $0.replies.count == 1 } })
            #expect(bench.recorder.received.filter { $0.body == call.body }.count == 20)
            for peer in peers { #expect(try bench.serves(peer)) }
        }

        @Test("A queued large request is collected when another one's peer leaves, or passes its deadline")
        func released() throws {
            let bench = try Bench(peerMilliseconds: 250)
            let call = Call("POST", "/large", body: [UInt8](repeating: 7, count: 100_000))
            let peers = try (0..<16).map { _ in try bench.connect() }
            for peer in peers { peer.send(Array(call.head + call.content.prefix(80_000))) }
            try bench.turn(3)
            let (next, last, leaving) = (try bench.connect(), try bench.connect(), try bench.connect())
            for peer in [leaving, next, last] {
                peer.send(call)
                try bench.turn(3)
                #expect(peer.hasUnreadBytes)
            }
            leaving.close()
            try bench.turn()
            peers[3].close()
            #expect(try bench.turn { !next.replies.isEmpty && !last.replies.isEmpty })
            #expect(try bench.turn { bench.server.connectionCount == 2 })
            #expect(bench.recorder.received.filter { !$0.isIncomplete }.count == 2)
        }

        // MARK: Bytes after a request

        @Test(
            "Requests that arrive together are served in turn, each with its own answer",
            arguments: [1, 20, 4_096, 60_000])
        func pipelined(size: Int) throws {
            let bench = try Bench()
            let peer = try bench.connect()
            bench.recorder.observe = { connection in
                let answer = Array((connection.text("REQUEST_URI") ?? "").utf8)
                connection.answer(answer.span)
            }
            let targets = (1...4).map { "/\($0)" }
            let bytes = targets.flatMap { Call("POST", $0, body: [UInt8](repeating: 7, count: 30_000)).bytes }
            for start in stride(from: 0, to: bytes.count, by: size * 100) {
                peer.send(Array(bytes[start..<min(start + size * 100, bytes.count)]))
                try bench.turn()
            }
            #expect(try bench.turn { peer.replies.count == 4 })
            #expect(peer.replies.map(\.text) == targets)
            #expect(bench.recorder.received.allSatisfy { $0.body.count == 30_000 && !$0.isIncomplete })
            bench.recorder.observe = nil
        }

        @Test("The beginning of a request after another one waits for its rest")
        func begun() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let bytes = Call("GET", "/first").bytes + Self.call.bytes
            for cut in 1..<Self.call.bytes.count {
                bench.recorder.forget()
                let known = peer.replies.count
                peer.send(Array(bytes.dropLast(cut)))
                try bench.turn(3)
                #expect(peer.replies.count == known + 1)
                peer.send(Array(bytes.suffix(cut)))
                try bench.turn(3)
                try #require(peer.replies.count == known + 2, "cut \(cut) bytes before the end")
                #expect(bench.recorder.received.map(\.target) == ["/first", "/pieces"])
            }
        }

        // MARK: Records that are not a request's

        private static let question = ["FCGI_MPXS_CONNS", "UNKNOWN", "FCGI_MAX_CONNS"].flatMap { Record.pair($0, "") }

        @Test("A web server may send GET_VALUES between requests and within one, in pieces", arguments: [1, 5, 1_000])
        func values(size: Int) throws {
            let bench = try Bench(peerMilliseconds: 200)
            let peer = try bench.connect()
            let ask = Record.make(.getValues, Self.question, id: 0, padding: 4)
            let call = Self.call
            let bytes = ask + call.head + ask + call.content + ask + call.end + ask
            for start in stride(from: 0, to: bytes.count, by: size) {
                peer.send(Array(bytes[start..<min(start + size, bytes.count)]))
                try bench.turn()
            }
            #expect(try bench.turn { peer.replies.count == 1 && peer.reader.management.count == 4 })
            let known = Record.pair("FCGI_MAX_CONNS", "1") + Record.pair("FCGI_MPXS_CONNS", "0")
            #expect(peer.reader.management.allSatisfy { $0.content == known })
            #expect(bench.recorder.received.map(\.body) == [call.body])
            // Once its question is answered, it has no deadline.
            usleep(250_000)
            try bench.turn(2)
            #expect(try bench.serves(peer))
        }

        @Test("A GET_VALUES record that names a variable a thousand times gets its value once")
        func repeated() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let names = (0..<1_000).flatMap { _ in Record.pair("FCGI_MAX_CONNS", "") }
            peer.send(Record.make(.getValues, names, id: 0))
            try bench.turn()
            #expect(peer.replies.isEmpty)
            #expect(peer.reader.management.map(\.content) == [Record.pair("FCGI_MAX_CONNS", "1")])
            #expect(try bench.serves(peer))
        }

        @Test(
            "A GET_VALUES record that ends within a name or a length closes the connection",
            arguments: [
                [5], [5, 0], [5, 0, 65], [1, 9, 65], [0x80, 0, 0],
                [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 65],
            ])
        func malformed(content: [UInt8]) throws {
            let bench = try Bench()
            let peer = try bench.connect()
            peer.send(Record.make(.getValues, content, id: 0))
            try bench.turn(2)
            #expect(peer.sawEnd)
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A peer that keeps sending GET_VALUES and reads no reply is closed")
        func deaf() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let questions = (0..<1_000).flatMap { _ in Record.make(77, [], id: 0) }
            #expect(
                try bench.turn {
                    _ = send(peer.descriptor, questions, questions.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                    return bench.server.connectionCount == 0
                })
            #expect(try bench.serves())
        }

        @Test("An abort after the answer has no effect")
        func lateAbort() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            #expect(try bench.serves(peer))
            peer.send(Record.make(.abort, []))
            try bench.turn(2)
            #expect(try bench.serves(peer))
        }
    }
}
