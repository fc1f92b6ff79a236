import FastCGI
import Testing

extension FastCGITests {
    @Suite("Bodies")
    struct RequestBodyTests {
        private static func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        }

        @Test(
            "A body up to the limit arrives whole and one beyond it is reported; the connection stays open",
            arguments: [0, 1, 10, 8_192, 16_383, 16_384, 16_385, 65_536, 100_000], [-1, 0, 1])
        func limits(limit: Int, beyond: Int) throws {
            guard limit + beyond >= 0 else { return }
            let bench = try Bench(bodyBytes: limit)
            let peer = try bench.connect()
            let body = Self.bytes(limit + beyond)
            #expect(try bench.serves(peer, Call("POST", "/", body: body)))
            var unannounced = Call("POST", "/", body: body)
            unannounced.parameters.removeLast(body.isEmpty ? 0 : 1)
            unannounced.recordSize = 1_000
            #expect(try bench.serves(peer, unannounced))
            #expect(try bench.serves(peer))
            for received in bench.recorder.received.prefix(2) {
                #expect(received.isTooLarge == (beyond > 0))
                #expect(received.body == (beyond > 0 ? [] : body))
                #expect(!received.isIncomplete)
            }
            #expect(bench.recorder.received.last?.body == [])
            #expect(bench.recorder.received.last?.isTooLarge == false)
        }

        @Test("A body of 3 MB is read to its end and reported; the connection stays open")
        func large() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            let descriptor = peer.descriptor
            let call = Call("POST", "/", body: Self.bytes(3 << 20))
            let sender = TestThread { _ = Wire.send(descriptor, call.bytes) }
            #expect(try bench.turn { !peer.replies.isEmpty })
            sender.join()
            let received = try #require(bench.recorder.received.first)
            #expect(received.isTooLarge && !received.isIncomplete && received.body.isEmpty)
            #expect(try bench.serves(peer, Call("POST", "/", body: [1])))
            #expect(bench.recorder.received.last?.body == [1])
        }

        @Test("A body of 3 MB within the limit arrives whole, and the next buffer is small again")
        func largeAndAllowed() throws {
            let bench = try Bench(bodyBytes: 3 << 20)
            let peer = try bench.connect()
            let descriptor = peer.descriptor
            let call = Call("POST", "/", body: Self.bytes(3 << 20))
            let sender = TestThread { _ = Wire.send(descriptor, call.bytes) }
            #expect(try bench.turn { !peer.replies.isEmpty })
            sender.join()
            #expect(bench.recorder.received.first?.body == call.body)
            #expect(try bench.serves(peer, Call("POST", "/", body: [1, 2])))
            #expect(bench.recorder.received.last?.body == [1, 2])
        }

        @Test("A GET may have a body, which does not begin the next request")
        func get() throws {
            let bench = try Bench()
            let peer = try bench.connect()
            for number in 1...3 {
                #expect(try bench.serves(peer, Call("GET", "/\(number)", body: Array("unasked".utf8))))
            }
            #expect(bench.recorder.received.map(\.target) == ["/1", "/2", "/3"])
            #expect(bench.recorder.received.allSatisfy { $0.body == Array("unasked".utf8) })
        }

        struct Announcement: CustomTestStringConvertible {
            let length: String
            let isTooLarge: Bool
            let isIncomplete: Bool
            var testDescription: String { "\"\(length)\"" }
        }

        @Test(
            "CONTENT_LENGTH beside a body of ten bytes, limit 1000",
            arguments: [
                Announcement(length: "10", isTooLarge: false, isIncomplete: false),
                Announcement(length: "010", isTooLarge: false, isIncomplete: false),
                Announcement(length: "9", isTooLarge: false, isIncomplete: false),
                Announcement(length: "0", isTooLarge: false, isIncomplete: false),
                Announcement(length: "11", isTooLarge: false, isIncomplete: true),
                Announcement(length: "1000", isTooLarge: false, isIncomplete: true),
                Announcement(length: "1001", isTooLarge: true, isIncomplete: true),
                Announcement(length: "576460752303423487", isTooLarge: true, isIncomplete: true),
                // Not a valid length, so it is ignored.
                Announcement(length: "9223372036854775807", isTooLarge: false, isIncomplete: false),
                Announcement(length: "99999999999999999999999999", isTooLarge: false, isIncomplete: false),
                Announcement(length: "", isTooLarge: false, isIncomplete: false),
                Announcement(length: "-1", isTooLarge: false, isIncomplete: false),
                Announcement(length: "+11", isTooLarge: false, isIncomplete: false),
                Announcement(length: "11 ", isTooLarge: false, isIncomplete: false),
                Announcement(length: "eleven", isTooLarge: false, isIncomplete: false),
            ])
        func announced(_ announcement: Announcement) throws {
            let bench = try Bench(bodyBytes: 1_000)
            let peer = try bench.connect()
            let body = Self.bytes(10)
            #expect(try bench.serves(peer, .announcing(announcement.length, body: body)))
            let received = try #require(bench.recorder.received.first)
            #expect(received.isTooLarge == announcement.isTooLarge)
            #expect(received.isIncomplete == announcement.isIncomplete)
            #expect(received.body == (announcement.isTooLarge ? [] : body))
            #expect(try bench.serves(peer))
        }

        @Test("A body whose stream breaks is reported, and the connection is closed after the answer")
        func broken() throws {
            let bench = try Bench()
            let call = Call("POST", "/", body: Self.bytes(2_000))
            for sent in [0, 4, 8, 9, 1_000, 2_007, 2_008, 2_012] {
                let peer = try bench.connect()
                peer.send(call.head + (call.content + call.end).prefix(sent))
                peer.endSending()
                try bench.turn(2)
                #expect(bench.recorder.received.last?.isIncomplete == true)
                #expect(peer.sawEnd)
                #expect(bench.server.connectionCount == 0)
            }
        }
    }
}
