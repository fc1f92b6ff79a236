import Base
import EventLoop
import FastCGI
import Glibc
import TaskAPI
import Testing

@testable import todo_fcgi

@Suite("Requests whose tokens take a public key's work")
struct VerificationQueueTests {
    private func held(_ id: UInt64, _ bytes: Int = 0) -> HeldRequest {
        let method = Array("POST".utf8)
        let body = [UInt8](repeating: 7, count: bytes)
        let request = Request(method: method.span, target: method.span, body: body.span)
        return HeldRequest(RequestID(rawValue: id), request, startedAt: Clock.monotonic)
    }

    /// Something that is ready in every turn.
    private final class Busy: EventSource {
        var count = 0
        override func ready(_ readiness: Readiness) { count += 1 }
    }

    @Test("One a turn where each takes long, in the order they came, and after all that is ready")
    func turns() throws {
        let loop = try EventLoop()
        let queue = VerificationQueue(on: loop)
        let busy = Busy()
        // An empty pipe can always be written to.
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try loop.add(busy, descriptor: ends[1], for: .writable)
        var left: [UInt64] = []
        var turnsBefore: [Int] = []
        queue.leaves = { guest in
            left.append(guest.id.rawValue)
            turnsBefore.append(busy.count)
            let start = Clock.monotonic
            while Clock.monotonic < start + 100_000 {}
        }
        for id in [1, 2, 3] as [UInt64] { queue.admit(held(id)) }
        #expect(left.isEmpty, "never within the call")
        for _ in 0..<4 { try loop.turn(timeout: 0) }
        #expect(left == [1, 2, 3])
        #expect(turnsBefore == [1, 2, 3])
        loop.remove(busy)
    }

    @Test("There is room for a number of requests and a number of bytes, and room again when they have left")
    func bounds() throws {
        let loop = try EventLoop()
        let queue = VerificationQueue(on: loop)
        queue.leaves = { _ in }
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes))
        #expect(!queue.hasRoom(forBytes: VerificationQueue.bytes + 1))
        queue.admit(held(1, VerificationQueue.bytes))
        #expect(!queue.hasRoom(forBytes: 1) && queue.hasRoom(forBytes: 0))
        for id in 2...UInt64(VerificationQueue.places) { queue.admit(held(id)) }
        #expect(!queue.hasRoom(forBytes: 0))
        for _ in 0..<VerificationQueue.places where !queue.hasRoom(forBytes: VerificationQueue.bytes) {
            try loop.turn(timeout: 1_000_000)
        }
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes))
    }
}
