import Base
import EventLoop
import FastCGI
import Glibc
import Testing

/// All tests of a server, one after the other: some of them measure time.
@Suite("FastCGI", .serialized)
enum FastCGITests {}

/// A server on a socket of its own and a loop that the test turns.
final class Bench {
    let loop: EventLoop
    let recorder = Recorder()
    let path: String
    private var openServer: Server<Recorder>?

    init(
        bodyBytes: Int = 1 << 20, peerMilliseconds: Int = 2_000, arrivalMilliseconds: Int = 30_000,
        answerMilliseconds: Int = 30_000, on socket: ListeningSocket? = nil
    ) throws {
        path = temporaryPath()
        loop = try EventLoop()
        var limits = Server<Recorder>.Limits()
        limits.bodyBytes = bodyBytes
        limits.peerMilliseconds = peerMilliseconds
        limits.arrivalMilliseconds = arrivalMilliseconds
        limits.answerMilliseconds = answerMilliseconds
        openServer = try Server(accepting: socket ?? .bound(to: path), on: loop, limits: limits)
        server.handler = recorder
    }

    var server: Server<Recorder> {
        guard let openServer else { preconditionFailure("the server was closed") }
        return openServer
    }

    deinit {
        closeServer()
        removeFolder(of: path)
    }

    /// Frees the server in any state.
    func closeServer() {
        guard openServer != nil else { return }
        // It is removed from the loop, which retains it while it accepts.
        server.whenDrained = nil
        server.drain(until: 0)
        try? loop.turn(timeout: 0)
        openServer = nil
    }

    /// Turns without waiting: one turn accepts one connection, or reads and answers what has arrived.
    func turn(_ count: Int = 1) throws {
        for _ in 0..<count { try loop.turn(timeout: 0) }
    }

    /// Connects and is accepted.
    func connect() throws -> Peer {
        let known = server.connectionCount
        let peer = Peer(to: path)
        try turn()
        #expect(server.connectionCount == known + 1)
        return peer
    }

    /// Turns until a condition holds, or five seconds have passed.
    func turn(until condition: () throws -> Bool) throws -> Bool {
        let deadline = Clock.monotonic + 5_000_000_000
        while try !condition() {
            guard Clock.monotonic < deadline else { return false }
            try loop.turn(timeout: 5_000_000)
        }
        return true
    }

    /// Turns until a condition holds, and returns how many milliseconds that took.
    func time(until condition: () throws -> Bool) throws -> UInt64 {
        try milliseconds {
            let isSo = try turn(until: condition)
            #expect(isSo)
        }
    }

    /// Whether a request is answered on the same connection.
    func serves(_ peer: Peer, _ call: Call = Call("GET", "/healthy")) throws -> Bool {
        let known = peer.replies.count
        peer.send(call)
        return try turn { peer.replies.count == known + 1 }
    }

    /// Whether a request is answered on a connection of its own.
    func serves() throws -> Bool {
        let peer = Peer(to: path)
        return try serves(peer)
    }

    /// The duration of some work, in milliseconds.
    func milliseconds(_ work: () throws -> Void) rethrows -> UInt64 {
        let start = Clock.monotonic
        try work()
        return (Clock.monotonic - start) / 1_000_000
    }
}

/// A path that no other test uses.
func temporaryPath() -> String {
    var template = Array("/tmp/fastcgi-tests-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "mkdtemp: \(errno)")
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/socket"
}

func removeFolder(of path: String) {
    unlink(path)
    rmdir(String(path.dropLast("/socket".count)))
}
