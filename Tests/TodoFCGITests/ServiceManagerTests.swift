import Base
import EventLoop
import Glibc
import Testing

@testable import todo_fcgi

/// What the service manager hears, on a socket of the test's own.
@Suite("Words to the service manager")
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

    /// All messages that are there.
    private func heard() -> [String] {
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

    @Test("A worker is ready when its database answers")
    func readyWithDatabase() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(["NOTIFY_SOCKET": path], on: loop)
        manager.begin()
        try turn(loop, milliseconds: 20)
        #expect(!heard().contains { $0.contains("READY=1") })
        manager.databaseConnected()
        manager.databaseConnected()
        #expect(heard().filter { $0.hasPrefix("READY=1") }.count == 1)
        manager.draining()
        #expect(heard().contains { $0.hasPrefix("STOPPING=1") })
    }

    @Test("Without a database it is ready all the same, after a while")
    func readyWithoutDatabase() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(["NOTIFY_SOCKET": path], on: loop)
        manager.begin(patience: 20_000_000)
        manager.databaseLost("could not connect\nREADY=1")
        #expect(heard().allSatisfy { !$0.split(separator: "\n").contains("READY=1") })
        try turn(loop, milliseconds: 60)
        #expect(heard().contains { $0.hasPrefix("READY=1") })
    }

    @Test("The watchdog hears of a loop that turns, and of none that stands still")
    func watchdog() throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let environment = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": "\(getpid())"]
        let manager = ServiceManager(environment, on: loop)
        manager.begin()
        manager.databaseConnected()
        try turn(loop, milliseconds: 200)
        let count = heard().filter { $0 == "WATCHDOG=1" }.count
        #expect(count >= 4)
        usleep(100_000)
        #expect(heard().isEmpty)
    }

    @Test(
        "Nothing is said where nobody asked, or of another process's watchdog",
        arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"], ["WATCHDOG_USEC": "1"]])
    func silent(environment: [String: String]) throws {
        defer { close(descriptor); unlink(path) }
        let loop = try EventLoop()
        let manager = ServiceManager(environment, on: loop)
        manager.begin(patience: 0)
        manager.databaseConnected()
        try turn(loop, milliseconds: 5)
        manager.draining()
        #expect(heard().isEmpty)
    }
}
