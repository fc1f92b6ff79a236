import Base
import EventLoop
import FastCGI
import Glibc
import Testing

@testable import FastCGI

extension FastCGITests {
    @Suite("Answers in parts")
    struct AnswerInPartsTests {
        private static let part = (0..<64 << 10).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

        /// A bench whose requests run until the test answers them, and a running request.
        private func running(_ bench: Bench, _ call: Call = Call()) throws -> (Peer, Connection<Recorder>) {
            bench.recorder.answer = nil
            let peer = try bench.connect()
            peer.send(call)
            try bench.turn()
            let id = try #require(bench.recorder.received.last?.id)
            return (peer, try #require(bench.server.connection(running: id)))
        }

        /// Sends parts until there is no room for more.
        private func fill(_ connection: Connection<Recorder>) {
            while connection.hasRoom { connection.send(Self.part.span) }
        }

        @Test("Parts arrive as they are sent, and the request ends when it is ended", arguments: [true, false])
        func parts(isKept: Bool) throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench, isKept ? Call() : Call().last)
            let head = Array("Status: 200\r\n".utf8)
            connection.send("\r\none ".utf8Span.span, after: head.span)
            #expect(peer.replies.isEmpty)
            #expect(String(decoding: peer.reader.unfinished, as: UTF8.self) == "Status: 200\r\n\r\none ")
            #expect(connection.text("REQUEST_URI") == "/")
            connection.send(Span())
            connection.send("two".utf8Span.span)
            #expect(connection.unsentByteCount == 0 && connection.hasRoom)
            connection.endAnswer()
            #expect(peer.replies.map(\.text) == ["Status: 200\r\n\r\none two"])
            #expect(connection.text("REQUEST_URI") == nil)
            // It is ended once.
            connection.endAnswer()
            connection.send("three".utf8Span.span)
            connection.breakOff()
            try bench.turn(2)
            #expect(peer.replies.count == 1)
            #expect(peer.sawEnd == !isKept)
            guard isKept else { return }
            bench.recorder.answer = []
            #expect(try bench.serves(peer))
        }

        @Test("50 MB reach a slow reader through little memory, part by part as the socket takes them")
        func streamed() throws {
            let bench = try Bench()
            let count = 800
            let twice = Self.part + Self.part
            var (sent, most, calls) = (0, 0, 0)
            func send(on connection: Connection<Recorder>) {
                while sent < count, connection.hasRoom {
                    connection.send(Self.part.span)
                    sent += 1
                    most = max(most, connection.unsentByteCount)
                }
                if sent == count { connection.endAnswer() }
            }
            bench.recorder.hasRoom = {
                calls += 1
                #expect($0.hasRoom)
                send(on: $0)
            }
            let (peer, connection) = try running(bench)
            let other = try bench.connect()
            send(on: connection)
            bench.recorder.answer = []
            var (bytes, bites) = (0, 0)
            var isRight = true
            var reader = RecordReader()
            while !reader.isEnded {
                guard case .bytes(let piece) = Wire.receive(peer.descriptor, atMost: 20_000) else { break }
                bites += 1
                let output = reader.output(of: piece)
                let isSame = output.withUnsafeBytes { output in
                    twice.withUnsafeBytes { twice in
                        output.isEmpty
                            || memcmp(output.baseAddress!, twice.baseAddress! + (bytes & 0xFFFF), output.count) == 0
                    }
                }
                isRight = isRight && isSame
                bytes += output.count
                if bites % 500 == 0 { #expect(try bench.serves(other)) } else { try bench.turn() }
            }
            #expect(reader.isEnded && isRight && bytes == count << 16)
            // The unsent bytes before a part was added, the part, and the records' headers.
            #expect(most <= 2 * (64 << 10) + 100)
            #expect(calls > 100 && calls <= count)
            #expect(try bench.serves(peer))
            bench.recorder.hasRoom = nil
        }

        @Test("A handler is called to send more once few unsent bytes are left, and not before")
        func room() throws {
            let bench = try Bench()
            var calls = 0
            bench.recorder.hasRoom = { _ in calls += 1 }
            let (peer, connection) = try running(bench)
            fill(connection)
            for _ in 0..<10 { connection.send(Self.part.span) }
            let unsent = connection.unsentByteCount
            #expect(unsent > 10 * Self.part.count)
            try bench.turn(5)
            #expect(connection.unsentByteCount == unsent && calls == 0)
            while calls == 0 {
                peer.receive()
                #expect(!connection.hasRoom)
                try bench.turn()
            }
            #expect(connection.hasRoom)
            #expect(
                try bench.turn {
                    peer.receive(); return connection.unsentByteCount == 0
                })
            try bench.turn(5)
            #expect(calls == 1)
            connection.endAnswer()
            #expect(peer.replies.count == 1)
            bench.recorder.hasRoom = nil
        }

        @Test("A request that is ended while bytes are unsent ends at once for the handler, later for the peer")
        func endedWhileFull() throws {
            let bench = try Bench()
            var calls = 0
            bench.recorder.hasRoom = { _ in calls += 1 }
            let (peer, connection) = try running(bench)
            let id = connection.id
            fill(connection)
            connection.endAnswer()
            #expect(bench.server.connection(running: id) == nil)
            #expect(connection.text("REQUEST_URI") == nil)
            peer.send(Call("GET", "/next"))
            try bench.turn(2)
            #expect(bench.recorder.received.count == 1)
            bench.recorder.answer = []
            #expect(try bench.turn { peer.replies.count == 2 })
            #expect(calls == 0)
            bench.recorder.hasRoom = nil
        }

        // MARK: Breaking off

        @Test("An answer that is broken off ends without END_REQUEST", arguments: [0, 1, 100])
        func brokenOff(parts: Int) throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench)
            let id = connection.id
            for _ in 0..<parts { connection.send(Self.part.span) }
            connection.breakOff()
            #expect(bench.server.connection(running: id) == nil)
            #expect(bench.server.connectionCount == 0)
            #expect(peer.sawEnd && peer.replies.isEmpty)
            #expect(peer.reader.unfinished.count <= parts * Self.part.count)
            #expect(parts != 1 || peer.reader.unfinished == Self.part)
            // Later calls have no effect.
            connection.send(Self.part.span)
            connection.endAnswer()
            connection.breakOff()
            try bench.turn(2)
            #expect(bench.recorder.abandoned == [])
            bench.recorder.answer = []
            #expect(try bench.serves())
        }

        @Test("An answer may be broken off from within the request's own call, and when there is room")
        func brokenOffWithin() throws {
            let bench = try Bench()
            bench.recorder.answer = nil
            bench.recorder.observe = { $0.breakOff() }
            let first = try bench.connect()
            first.send(Call().bytes + Call("GET", "/behind").bytes)
            try bench.turn(2)
            #expect(first.sawEnd && bench.recorder.received.count == 1)
            bench.recorder.observe = nil
            bench.recorder.hasRoom = { $0.breakOff() }
            let (second, connection) = try running(bench)
            fill(connection)
            #expect(try bench.turn { second.sawEnd })
            #expect(bench.server.connectionCount == 0)
            bench.recorder.hasRoom = nil
        }

        // MARK: Peers that leave

        @Test("A peer that leaves between parts is reported once, outside of the handler's calls")
        func peerLeft() throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench)
            let id = connection.id
            peer.close()
            // The socket reports it before the loop does.
            for _ in 0..<3 { connection.send(Self.part.span) }
            #expect(bench.recorder.abandoned == [])
            #expect(bench.server.connection(running: id) === connection)
            #expect(connection.text("REQUEST_URI") == "/")
            try bench.turn(3)
            #expect(bench.recorder.abandoned == [id])
            #expect(bench.server.connection(running: id) == nil)
            #expect(bench.server.connectionCount == 0)
            connection.send(Self.part.span)
            connection.endAnswer()
            try bench.turn(2)
            #expect(bench.recorder.abandoned == [id])
        }

        @Test(
            "A peer that leaves is not reported if its answer is ended before the loop notices",
            arguments: [true, false])
        func peerLeftUnnoticed(isBrokenOff: Bool) throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench)
            peer.close()
            connection.send(Self.part.span)
            if isBrokenOff { connection.breakOff() } else { connection.endAnswer() }
            #expect(bench.server.connectionCount == 0)
            try bench.turn(3)
            #expect(bench.recorder.abandoned == [])
        }

        @Test("A peer that leaves while bytes are unsent is reported, and their memory is freed")
        func peerLeftFull() throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench)
            let id = connection.id
            fill(connection)
            peer.close()
            try bench.turn()
            #expect(bench.recorder.abandoned == [id])
            #expect(connection.unsentByteCount == 0)
            #expect(bench.server.connectionCount == 0)
        }

        @Test("A peer that receives nothing of the parts until its deadline is closed and reported once")
        func deafPeer() throws {
            let bench = try Bench(answerMilliseconds: 250)
            let (peer, connection) = try running(bench)
            let id = connection.id
            fill(connection)
            let took = try bench.time { bench.server.connectionCount == 0 }
            #expect(took >= 200 && took < 490)
            #expect(bench.recorder.abandoned == [id])
            #expect(peer.replies.isEmpty && peer.sawEnd)
        }

        @Test("A peer that has received all parts so far may wait for the next without limit")
        func slowHandler() throws {
            let bench = try Bench(answerMilliseconds: 100)
            let (peer, connection) = try running(bench)
            fill(connection)
            #expect(
                try bench.turn {
                    peer.receive(); return connection.unsentByteCount == 0
                })
            let start = Clock.monotonic
            while Clock.monotonic < start + 300_000_000 { try bench.loop.turn(timeout: 10_000_000) }
            connection.endAnswer()
            #expect(peer.replies.count == 1 && !peer.sawEnd)
        }

        @Test("A server that is freed while parts are unsent closes its connection and reports nothing")
        func serverGone() throws {
            let bench = try Bench()
            let (peer, connection) = try running(bench)
            fill(connection)
            bench.closeServer()
            connection.send(Self.part.span)
            connection.endAnswer()
            connection.breakOff()
            try bench.turn(2)
            #expect(peer.sawEnd && peer.replies.isEmpty)
            #expect(bench.recorder.abandoned == [])
        }
    }

    @Suite("Bytes that a socket has not taken")
    struct UnsentBytesTests {
        @Test("They are sent in order while others are added and removed, and the memory shrinks with them")
        func order() {
            let stream = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 / 3) }
            var unsent = UnsentBytes()
            #expect(unsent.capacity == 0)
            var (added, removed) = (0, 0)
            func take(_ count: Int, from unsent: inout UnsentBytes) {
                #expect(unsent.front(count) == stream[removed..<removed + count])
                unsent.removeFirst(count)
                removed += count
            }
            for round in 0..<60 {
                let bytes = stream[added..<added + round * 500]
                bytes.withUnsafeBytes { unsent.append($0) }
                added += bytes.count
                take(min(round * 300, unsent.count), from: &unsent)
            }
            #expect(unsent.count == added - removed && unsent.capacity >= unsent.count)
            while unsent.count > 20_000 { take(10_000, from: &unsent) }
            #expect(unsent.capacity <= 64 << 10)
            take(unsent.count, from: &unsent)
            #expect(unsent.isEmpty && unsent.capacity == 0)
        }
    }
}

extension UnsentBytes {
    /// A copy of the first bytes, as a socket receives them.
    fileprivate func front(_ count: Int) -> ArraySlice<UInt8> {
        var ends: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var bytes: [UInt8] = []
        // A socket takes more at once than the test reads.
        _ = send(on: ends[0])
        while bytes.count < count {
            guard case .bytes(let part) = Wire.receive(ends[1], atMost: count) else { break }
            bytes += part
        }
        return bytes.prefix(count)
    }
}
