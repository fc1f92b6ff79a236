import FastCGI
import Testing

extension FastCGITests {
    @Suite("Answers larger than a socket's buffer")
    struct LargeAnswerTests {
        private static let answer = (0..<5 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

        @Test("5 MB reach a reader that takes them in small bites")
        func slowReader() throws {
            let bench = try Bench()
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call())
            let descriptor = peer.descriptor
            let reader = Aside {
                var reader = ReplyReader()
                var bites = 0
                while reader.replies.isEmpty {
                    guard case .bytes(let bytes) = Wire.receive(descriptor, atMost: 3_000) else { break }
                    bites += 1
                    reader.take(bytes)
                }
                #expect(reader.replies == [Reply(output: Self.answer)])
                #expect(reader.isAtEnd && bites > 1_000)
            }
            try bench.turn()
            reader.join()
            #expect(bench.server.connectionCount == 1)
            bench.recorder.answer = []
            #expect(try bench.serves(peer))
        }

        @Test("A reader that takes nothing costs one timeout, and its connection")
        func noReader() throws {
            let bench = try Bench(peerMilliseconds: 250)
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call())
            let took = try bench.milliseconds { try bench.turn() }
            #expect(took >= 240 && took < 490)
            #expect(bench.server.connectionCount == 0)
            // What did arrive is the beginning of the answer and nothing else.
            #expect(peer.replies.isEmpty)
            #expect(Self.answer.starts(with: peer.reader.unfinished) && peer.reader.unfinished.count > 100_000)
            #expect(peer.sawEnd)
            bench.recorder.answer = []
            #expect(try bench.serves())
        }

        @Test("A reader that leaves in the middle of the answer is let go at once")
        func leavingReader() throws {
            let bench = try Bench(peerMilliseconds: 5_000)
            bench.recorder.answer = Self.answer
            let peer = try bench.connect()
            peer.send(Call())
            let descriptor = peer.descriptor
            let reader = Aside {
                _ = Wire.receive(descriptor, atMost: 10_000)
                Wire.breakOff(descriptor)
            }
            let took = try bench.milliseconds { try bench.turn() }
            reader.join()
            #expect(took < 2_500)
            #expect(bench.server.connectionCount == 0)
            bench.recorder.answer = []
            #expect(try bench.serves())
        }
    }
}
