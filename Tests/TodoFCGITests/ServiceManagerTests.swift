import Base
import EventLoop
import Glibc
import Testing

@testable import todo_fcgi

/// Receives the messages on a socket of the test's own.
@Suite("Messages to the service manager")
struct ServiceManagerTests {
    let path = "/tmp/todo-fcgi-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    /// All messages received since the last call.
    private func received() -> [String] {
        var messages: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return messages }
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    private func turn(_ loop: EventLoop, milliseconds: UInt64) throws {
        let end = Clock.monotonic + milliseconds * 1_000_000
        while Clock.monotonic < end { try loop.turn(timeout: 5_000_000) }
    }

    @Test("A worker is ready when its database is connected")
    func readyWithDatabase() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(["NOTIFY_SOCKET": path], on: loop)
        manager.begin()
        try turn(loop, milliseconds: 20)
        #expect(!received().contains { $0.contains("READY=1") })
        manager.databaseConnected()
        manager.databaseConnected()
        #expect(received().filter { $0.hasPrefix("READY=1") }.count == 1)
        manager.draining()
        #expect(received().contains { $0.hasPrefix("STOPPING=1") })
    }

    @Test("Without a database a worker is ready after the timeout")
    func readyWithoutDatabase() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(["NOTIFY_SOCKET": path], on: loop)
        manager.begin(timeout: 20_000_000)
        manager.databaseLost("could not connect\nREADY=1")
        #expect(received().allSatisfy { !$0.split(separator: "\n").contains("READY=1") })
        try turn(loop, milliseconds: 60)
        #expect(received().contains { $0.hasPrefix("READY=1") })
    }

    @Test("The watchdog gets keep-alives while the loop turns, and none while it is blocked")
    func watchdog() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let environment = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": "\(getpid())"]
        let manager = ServiceManager(environment, on: loop)
        manager.begin()
        manager.databaseConnected()
        try turn(loop, milliseconds: 200)
        let count = received().filter { $0 == "WATCHDOG=1" }.count
        #expect(count >= 4)
        usleep(100_000)
        #expect(received().isEmpty)
    }

    @Test(
        "Nothing is sent without a valid NOTIFY_SOCKET",
        arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["WATCHDOG_USEC": "1"]])
    func silent(environment: [String: String]) throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(environment, on: loop)
        manager.begin(timeout: 0)
        manager.databaseConnected()
        try turn(loop, milliseconds: 5)
        manager.draining()
        #expect(received().isEmpty)
    }
}
