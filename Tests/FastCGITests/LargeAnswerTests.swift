import Base
import EventLoop
import FastCGI
import Glibc
import Testing

extension FastCGITests {
    @Suite("Answers larger than a socket's buffer")
    struct LargeAnswerTests {
        private static let answer = (0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

        @Test("2 MB reach a reader that reads small pieces, and others are served meanwhile")
        func slowReader() throws {
            let bench = try Bench()
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            let other = try bench.connect()
            peer.send(Call())
            try bench.turn()
            bench.recorder.answer = Array("small".utf8)
            var reader = ReplyReader()
            var bites = 0
            while reader.replies.isEmpty {
                guard case .bytes(let bytes) = Wire.receive(peer.descriptor, atMost: 3_000) else { break }
                bites += 1
                reader.take(bytes)
                // Each turn sends a bounded part of the answer.
                if bites % 100 == 0 { #expect(try bench.serves(other)) } else { try bench.turn() }
            }
            #expect(reader.replies == [Reply(output: Self.answer)])
            #expect(reader.isAtEnd && bites > 500)
            #expect(bench.server.connectionCount == 2)
            #expect(try bench.serves(peer))
            #expect(peer.replies.map(\.text) == ["small"])
        }

        @Test(
            "Records of 64 KiB carry a large answer, headers and body as one",
            arguments: [
                (0, 65_527), (0, 65_528), (0, 65_529), (1, 65_527), (1, 65_528), (65_528, 0), (65_528, 1),
                (65_529, 65_528),
                (100, 8 * 65_528), (0, 8 * 65_528), (0, 16 * 65_528), (70_000, 200_000),
            ])
        func records(headers: Int, body: Int) throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            let answer = Array(Self.answer.prefix(headers + body))
            let (head, rest) = (Array(answer.prefix(headers)), Array(answer.dropFirst(headers)))
            bench.recorder.observe = { $0.answer(rest.span, after: head.span) }
            let peer = try bench.connect()
            peer.send(Call())
            #expect(try bench.turn { !peer.replies.isEmpty })
            #expect(peer.replies == [Reply(output: answer)])
            #expect(peer.reader.outputSizes.count == (answer.count + 65_527) / 65_528)
            #expect(peer.reader.isAtEnd)
            bench.recorder.observe = nil
            bench.recorder.answer = []
            #expect(try bench.serves(peer))
        }

        @Test("A reader that reads nothing is closed at its deadline, and others are served meanwhile")
        func noReader() throws {
            let bench = try Bench(answerMilliseconds: 250)
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call())
            let blocked = try bench.milliseconds { try bench.turn() }
            #expect(blocked < 200)
            bench.recorder.answer = []
            #expect(try bench.serves())
            let took = try bench.time { bench.server.connectionCount == 0 }
            #expect(took >= 150 && took < 490)
            // Only the beginning of the answer has arrived.
            #expect(peer.replies.isEmpty)
            #expect(Self.answer.starts(with: peer.reader.unfinished) && peer.reader.unfinished.count > 100_000)
            #expect(peer.sawEnd)
            // The request was answered, so the handler is not called.
            #expect(bench.recorder.abandoned == [])
        }

        @Test("A reader that keeps reading slowly keeps its connection beyond one deadline")
        func hesitantReader() throws {
            let bench = try Bench(answerMilliseconds: 200)
            bench.recorder.answer = Array(Self.answer.prefix(1 << 20))
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            let start = Clock.monotonic
            while Clock.monotonic < start + 700_000_000 {
                // The socket becomes writable when the peer has read most of its buffer.
                _ = Wire.receive(peer.descriptor, atMost: 150_000, flags: Int32(MSG_DONTWAIT | MSG_WAITALL))
                for _ in 0..<10 { try bench.loop.turn(timeout: 5_000_000) }
            }
            #expect(bench.server.connectionCount == 1)
        }

        @Test("A reader that leaves in the middle of the answer is closed at once")
        func leavingReader() throws {
            let bench = try Bench(peerMilliseconds: 5_000)
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call())
            try bench.turn()
            _ = Wire.receive(peer.descriptor, atMost: 10_000)
            #expect(bench.server.connectionCount == 1)
            peer.close()
            try bench.turn()
            #expect(bench.server.connectionCount == 0)
            #expect(bench.recorder.abandoned == [])
            bench.recorder.answer = []
            #expect(try bench.serves())
        }

        @Test("A request after a large answer is served once the answer is sent")
        func behind() throws {
            let bench = try Bench()
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call("GET", "/large"))
            try bench.turn()
            bench.recorder.answer = Array("small".utf8)
            peer.send(Call("GET", "/small"))
            try bench.turn(3)
            #expect(bench.recorder.received.map(\.target) == ["/large"])
            #expect(try bench.turn { peer.replies.count == 2 })
            #expect(peer.replies.map(\.output.count) == [Self.answer.count, 5])
        }

        @Test("A connection without keep-alive is closed after a large answer, not before")
        func last() throws {
            let bench = try Bench()
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call().last)
            try bench.turn(3)
            #expect(bench.server.connectionCount == 1)
            #expect(try bench.turn { peer.sawEnd })
            #expect(peer.replies == [Reply(output: Self.answer)])
        }
    }
}
