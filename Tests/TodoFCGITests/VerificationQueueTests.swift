import Base
import EventLoop
import FastCGI
import Glibc
import TaskAPI
import Testing

@testable import todo_fcgi

@Suite("Requests whose tokens need a public-key signature check")
struct VerificationQueueTests {
    private let loop: EventLoop
    private let queue: VerificationQueue

    init() throws {
        loop = try EventLoop()
        queue = VerificationQueue(on: loop)
    }

    private func held(_ id: UInt64, _ bytes: Int = 0) -> HeldRequest {
        let method = Array("POST".utf8)
        let body = [UInt8](repeating: 7, count: bytes)
        let request = Request(method: method.span, target: method.span, body: body.span)
        return HeldRequest(RequestID(rawValue: id), request, startedAt: Clock.monotonic)
    }

    /// A source that is ready in every turn.
    private final class Busy: EventSource {
        var count = 0
        override func ready(_ readiness: Readiness) { count += 1 }
    }

    /// The order in which the waiting requests have their turns.
    private func order() throws -> [UInt64] {
        var order: [UInt64] = []
        queue.onTurn = { order.append($0.id.rawValue) }
        var count = -1
        while order.count > count {
            count = order.count
            try loop.turn(timeout: 1_000_000)
        }
        return order
    }

    @Test("Slow requests have one turn each, in order of arrival, after all ready sources")
    func turns() throws {
        let busy = Busy()
        // An empty pipe is always writable.
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try loop.add(busy, descriptor: ends[1], for: .writable)
        var left: [UInt64] = []
        var turnsBefore: [Int] = []
        queue.onTurn = { request in
            left.append(request.id.rawValue)
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

    @Test("Recent users have priority over others, who have every fourth turn")
    func recentFirst() throws {
        for id in 1...8 as ClosedRange<UInt64> { queue.admit(held(id)) }
        for id in 101...108 as ClosedRange<UInt64> { queue.admit(held(id), of: Int(id)) }
        let order = try order()
        #expect(order == [101, 102, 103, 1, 104, 105, 106, 2, 107, 108, 3, 4, 5, 6, 7, 8])
    }

    @Test("A few requests of one recent user have priority, and the rest wait in the other queue")
    func fewOfOne() throws {
        for id in 1...3 as ClosedRange<UInt64> { queue.admit(held(id)) }
        for id in 101...106 as ClosedRange<UInt64> { queue.admit(held(id), of: 1) }
        queue.admit(held(201), of: 2)
        #expect(try order() == [101, 102, 103, 1, 104, 201, 2, 3, 105, 106])
        // After their turns, as many have priority again.
        for id in 1...3 as ClosedRange<UInt64> { queue.admit(held(id)) }
        for id in 101...104 as ClosedRange<UInt64> { queue.admit(held(id), of: 1) }
        #expect(try order().last == 3)
    }

    @Test("Requests and bytes are bounded, and there is room again after the turns")
    func bounds() throws {
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes))
        #expect(!queue.hasRoom(forBytes: VerificationQueue.bytes + 1))
        queue.admit(held(1, VerificationQueue.bytes))
        #expect(!queue.hasRoom(forBytes: 1) && queue.hasRoom(forBytes: 0))
        for id in 2...UInt64(VerificationQueue.capacity) { queue.admit(held(id)) }
        #expect(!queue.hasRoom(forBytes: 0))
        #expect(try order().count == VerificationQueue.capacity)
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes))
    }

    @Test("The queue of recent users has bounds of its own, independent of the other queue")
    func boundsOfRecent() throws {
        for id in 1...UInt64(VerificationQueue.capacity) { queue.admit(held(id)) }
        #expect(!queue.hasRoom(forBytes: 0))
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes, of: 1))
        for user in 1...VerificationQueue.recentCapacity {
            #expect(queue.hasRoom(forBytes: 0, of: user))
            queue.admit(held(UInt64(10_000 + user)), of: user)
        }
        #expect(!queue.hasRoom(forBytes: 0, of: VerificationQueue.recentCapacity + 1))
        #expect(try order().count == VerificationQueue.capacity + VerificationQueue.recentCapacity)
        queue.admit(held(1, VerificationQueue.bytes), of: 1)
        #expect(queue.hasRoom(forBytes: VerificationQueue.bytes, of: 2), "in the other queue")
        queue.admit(held(2, VerificationQueue.bytes), of: 2)
        #expect(!queue.hasRoom(forBytes: 1, of: 3))
        #expect(try order() == [1, 2])
    }
}
