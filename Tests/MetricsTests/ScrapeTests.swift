import Base
import EventLoop
import Glibc
import Testing

@testable import Metrics

@Suite("The metrics address")
struct ScrapeTests {
    @Test(
        "Requests are accepted or refused by their first line",
        arguments: [
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", .metrics(isHead: false)),
            ("GET / HTTP/1.0\r\n\r\n", .metrics(isHead: false)),
            ("GET /metrics?x=1 HTTP/1.1\n\n", .metrics(isHead: false)),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", .metrics(isHead: true)),
            ("", .incomplete), ("GET /metrics HTTP/1.1\r\n", .incomplete),
            ("GET /metrics HTTP/1.1\r\nA: b\r\n", .incomplete),
            ("GET /other HTTP/1.1\r\n\r\n", .refused("404 Not Found")),
            ("GET /metricsx HTTP/1.1\r\n\r\n", .refused("404 Not Found")),
            ("POST /metrics HTTP/1.1\r\n\r\n", .refused("405 Method Not Allowed")),
            ("\r\n\r\n", .refused("400 Bad Request")), ("GET\r\n\r\n", .refused("400 Bad Request")),
            ("GET /metrics\r\n\r\n", .refused("400 Bad Request")),
            ("GET metrics HTTP/1.1\r\n\r\n", .refused("400 Bad Request")),
            ("GET /metrics HTTP/2\r\n\r\n", .refused("400 Bad Request")),
            ("GET /\u{1} HTTP/1.1\r\n\r\n", .refused("400 Bad Request")),
            ("GET  /metrics HTTP/1.1\r\n\r\n", .refused("400 Bad Request")),
            (String(repeating: "x", count: 9_000), .refused("431 Request Header Fields Too Large")),
        ] as [(String, ScrapeRequest)])
    func requests(text: String, expected: ScrapeRequest) {
        #expect(ScrapeRequest(Array(text.utf8)) == expected)
    }

    @Test(
        "Local addresses are accepted",
        arguments: [
            ("unix:/run/x.sock", .unix("/run/x.sock")), ("127.0.0.1:9100", .ipv4(0x7f00_0001, port: 9100)),
            ("127.1.2.3:1", .ipv4(0x7f01_0203, port: 1)), ("[::1]:9100", .ipv6(port: 9100)),
        ] as [(String, LocalAddress)])
    func addresses(text: String, address: LocalAddress) throws {
        #expect(try LocalAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(
        "Other addresses are refused with a reason",
        arguments: [
            ("0.0.0.0:9100", .isPublic), ("10.0.0.1:9100", .isPublic), (":9100", .isPublic), ("[::]:9100", .isPublic),
            ("localhost:9100", .isPublic), ("example.com:80", .isPublic), ("128.0.0.1:80", .isPublic),
            ("9100", .malformed),
            ("", .malformed), ("127.0.0.1", .malformed), ("127.0.0.1:0", .malformed), ("127.0.0.1:65536", .malformed),
            ("unix:relative", .malformed), ("unix:", .malformed),
            ("unix:/\(String(repeating: "x", count: 107))", .isTooLong),
        ] as [(String, LocalAddress.Problem)])
    func refusals(text: String, problem: LocalAddress.Problem) {
        #expect(throws: problem) { try LocalAddress(text) }
    }

    @Test("A scraper gets the current text, and silent peers do not block it")
    func scrape() throws {
        let folder = Folder()
        let loop = try EventLoop()
        var count = 0
        let server = MetricsServer(.unix(folder("m.sock")), on: loop) {
            count += 1
            return Array("x \(count)\n".utf8)
        }
        server.start()
        let silent = try (0..<40).map { _ in
            let peer = try Peer(folder("m.sock"))
            try loop.turn(timeout: 1_000_000)
            return peer
        }
        for expected in 1...3 {
            let peer = try Peer(folder("m.sock"))
            peer.send("GET /metrics HT")
            try loop.turn(timeout: 1_000_000)
            peer.send("TP/1.1\r\n\r\n")
            let answer = try peer.read(while: loop)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(answer.hasSuffix("Content-Length: 4\r\nConnection: close\r\n\r\nx \(expected)\n"))
        }
        let peer = try Peer(folder("m.sock"))
        peer.send("POST / HTTP/1.1\r\n\r\n")
        #expect(try peer.read(while: loop).hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        _ = silent
    }

    @Test("A text larger than the socket's buffer is sent piece by piece")
    func large() throws {
        let folder = Folder()
        let loop = try EventLoop()
        let server = MetricsServer(.unix(folder("m.sock")), on: loop) { [UInt8](repeating: 0x78, count: 3_000_000) }
        server.start()
        let peer = try Peer(folder("m.sock"))
        peer.send("GET /metrics HTTP/1.1\r\n\r\n")
        #expect(try peer.read(while: loop).utf8.count > 3_000_000)
    }

    @Test("One of several processes listens, and another takes over when it ends", arguments: [true, false])
    func handOver(isUnix: Bool) throws {
        let folder = Folder()
        let address: LocalAddress =
            isUnix ? .unix(folder("m.sock")) : .ipv4(0x7f00_0001, port: 20_000 + UInt16.random(in: 0..<9_000))
        let loop = try EventLoop()
        var servers = (0..<3).map { number in MetricsServer(address, on: loop) { Array("\(number)\n".utf8) } }
        for server in servers { server.start() }
        #expect(servers.map(\.isListening) == [true, false, false])
        let start = Clock.monotonic
        loop.remove(servers[0])
        servers.removeFirst()
        while !servers.contains(where: \.isListening), Clock.monotonic < start + 3_000_000_000 {
            try loop.turn(timeout: 100_000_000)
        }
        #expect(servers.filter(\.isListening).count == 1)
        #expect(Clock.monotonic < start + 2_000_000_000)
    }

    @Test("A killed process's socket file is replaced; a file of another kind is not")
    func leftover() throws {
        let folder = Folder()
        let descriptor = try LocalSocket.listening(on: .unix(folder("m.sock")))
        #expect(throws: SystemError("bind", code: EADDRINUSE)) {
            _ = try LocalSocket.listening(on: .unix(folder("m.sock")))
        }
        _ = consume descriptor
        _ = try LocalSocket.listening(on: .unix(folder("m.sock")))
        fclose(fopen(folder("file"), "w"))
        #expect(throws: SystemError("bind", code: EADDRINUSE)) {
            _ = try LocalSocket.listening(on: .unix(folder("file")))
        }
        #expect(throws: SystemError.self) { _ = try LocalSocket.listening(on: .unix("/nowhere/m.sock")) }
    }
}

/// A client of a unix socket.
final class Peer {
    private let socket: LocalSocket

    init(_ path: String) throws {
        socket = try LocalSocket.connected(to: .unix(path))
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Reads to the end while a loop turns.
    func read(while loop: EventLoop) throws -> String {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 100_000)
        let deadline = Clock.monotonic + 5_000_000_000
        while Clock.monotonic < deadline {
            let count = Glibc.read(socket.descriptor, &part, part.count)
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            if count > 0 { all += part[..<count] }
            try loop.turn(timeout: 1_000_000)
        }
        throw SystemError("read", code: ETIMEDOUT)
    }
}
