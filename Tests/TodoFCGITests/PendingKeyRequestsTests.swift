import Base
import EventLoop
import FastCGI
import TaskAPI
import Testing

@testable import todo_fcgi

@Suite("Requests that wait for a key")
struct PendingKeyRequestsTests {
    private func held(_ id: UInt64, _ bytes: Int = 0, startedAt: UInt64 = Clock.monotonic) -> HeldRequest {
        let method = Array("POST".utf8)
        let body = [UInt8](repeating: 7, count: bytes)
        let request = Request(method: method.span, target: method.span, body: body.span, bodyIsIncomplete: bytes == 1)
        return HeldRequest(RequestID(rawValue: id), request, startedAt: startedAt)
    }

    @Test("After a fetch requests are released with their bodies, in order of arrival, and may be admitted again")
    func release() throws {
        let loop = try EventLoop()
        let pending = PendingKeyRequests(on: loop)
        var released: [UInt64] = []
        pending.onRelease = { request in
            released.append(request.id.rawValue)
            if request.id.rawValue == 2, released.count < 4 { pending.admit(request) }
            #expect(request.body == [UInt8](repeating: 7, count: Int(request.id.rawValue)))
            #expect(request.bodyIsIncomplete == (request.id.rawValue == 1))
        }
        for id in [1, 2, 3] as [UInt64] { pending.admit(held(id, Int(id))) }
        pending.release()
        #expect(released == [1, 2, 3])
        pending.release()
        #expect(released == [1, 2, 3, 2])
        pending.release()
        #expect(released == [1, 2, 3, 2])
    }

    @Test("Each request is released two seconds after its start, whenever it was admitted")
    func timeout() throws {
        let loop = try EventLoop()
        let pending = PendingKeyRequests(on: loop)
        var released: [UInt64] = []
        pending.onRelease = { released.append($0.id.rawValue) }
        let now = Clock.monotonic
        pending.admit(held(1, startedAt: now))
        pending.admit(held(2, startedAt: now - 1_900_000_000))
        pending.admit(held(3, startedAt: now - 1_800_000_000))
        while released.count < 2 { try loop.turn() }
        #expect(released == [2, 3])
        #expect(Clock.monotonic - now < 1_500_000_000)
        while released.count < 3 { try loop.turn() }
        #expect(2_000_000_000...3_000_000_000 ~= Clock.monotonic - now)
    }

    @Test("Requests, bytes and the wait are bounded")
    func bounds() throws {
        let pending = PendingKeyRequests(on: try EventLoop())
        pending.onRelease = { _ in }
        let now = Clock.monotonic
        #expect(pending.hasRoom(forBytes: PendingKeyRequests.bytes, startedAt: now))
        #expect(!pending.hasRoom(forBytes: PendingKeyRequests.bytes + 1, startedAt: now))
        #expect(!pending.hasRoom(forBytes: 0, startedAt: now - PendingKeyRequests.timeout))
        pending.admit(held(0, PendingKeyRequests.bytes / 2))
        #expect(pending.hasRoom(forBytes: PendingKeyRequests.bytes / 2, startedAt: now))
        #expect(!pending.hasRoom(forBytes: PendingKeyRequests.bytes / 2 + 1, startedAt: now))
        for id in 1..<UInt64(PendingKeyRequests.capacity) { pending.admit(held(id)) }
        #expect(!pending.hasRoom(forBytes: 0, startedAt: now))
        pending.release()
        #expect(pending.hasRoom(forBytes: PendingKeyRequests.bytes, startedAt: now))
    }
}
