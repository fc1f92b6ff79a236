import Base
import EventLoop
import FastCGI
import TaskAPI
import Testing

@testable import todo_fcgi

@Suite("Requests that wait for a key")
struct WaitingRoomTests {
    private func guest(_ id: UInt64, _ bytes: Int = 0, startedAt: UInt64 = Clock.monotonic) -> HeldRequest {
        let method = Array("POST".utf8)
        let body = [UInt8](repeating: 7, count: bytes)
        let request = Request(method: method.span, target: method.span, body: body.span, bodyIsIncomplete: bytes == 1)
        return HeldRequest(RequestID(rawValue: id), request, startedAt: startedAt)
    }

    @Test("They leave with their bodies, in the order they came, when there is news; and may come back")
    func news() throws {
        let loop = try EventLoop()
        let room = WaitingRoom(on: loop)
        var left: [UInt64] = []
        room.leaves = { guest in
            left.append(guest.id.rawValue)
            if guest.id.rawValue == 2, left.count < 4 { room.admit(guest) }
            #expect(guest.body == [UInt8](repeating: 7, count: Int(guest.id.rawValue)))
            #expect(guest.bodyIsIncomplete == (guest.id.rawValue == 1))
        }
        for id in [1, 2, 3] as [UInt64] { room.admit(guest(id, Int(id))) }
        room.release()
        #expect(left == [1, 2, 3])
        room.release()
        #expect(left == [1, 2, 3, 2])
        room.release()
        #expect(left == [1, 2, 3, 2])
    }

    @Test("Each leaves two seconds after it began, whenever it came in")
    func patience() throws {
        let loop = try EventLoop()
        let room = WaitingRoom(on: loop)
        var left: [UInt64] = []
        room.leaves = { left.append($0.id.rawValue) }
        let now = Clock.monotonic
        room.admit(guest(1, startedAt: now))
        room.admit(guest(2, startedAt: now - 1_900_000_000))
        room.admit(guest(3, startedAt: now - 1_800_000_000))
        while left.count < 2 { try loop.turn() }
        #expect(left == [2, 3])
        #expect(Clock.monotonic - now < 1_500_000_000)
        while left.count < 3 { try loop.turn() }
        #expect(2_000_000_000...3_000_000_000 ~= Clock.monotonic - now)
    }

    @Test("There is room for a number of requests, a number of bytes, and nobody whose time is over")
    func bounds() throws {
        let room = WaitingRoom(on: try EventLoop())
        room.leaves = { _ in }
        let now = Clock.monotonic
        #expect(room.hasRoom(forBytes: WaitingRoom.bytes, startedAt: now))
        #expect(!room.hasRoom(forBytes: WaitingRoom.bytes + 1, startedAt: now))
        #expect(!room.hasRoom(forBytes: 0, startedAt: now - WaitingRoom.patience))
        room.admit(guest(0, WaitingRoom.bytes / 2))
        #expect(room.hasRoom(forBytes: WaitingRoom.bytes / 2, startedAt: now))
        #expect(!room.hasRoom(forBytes: WaitingRoom.bytes / 2 + 1, startedAt: now))
        for id in 1..<UInt64(WaitingRoom.places) { room.admit(guest(id)) }
        #expect(!room.hasRoom(forBytes: 0, startedAt: now))
        room.release()
        #expect(room.hasRoom(forBytes: WaitingRoom.bytes, startedAt: now))
    }
}
