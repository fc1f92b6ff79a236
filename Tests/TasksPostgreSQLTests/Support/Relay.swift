import Base
import EventLoop
import Glibc

/// A proxy between a store and its server, on the same loop, which can delay or cut the streams.
final class Relay: EventSource {
    /// Whether connections are accepted; if not, they are closed at once.
    var isOpen = true
    /// How many more of the client's bytes pass; with the next one all connections are cut.
    var requestBudget: Int?
    /// How many more of the server's bytes pass; with the next one all connections are cut.
    var answerBudget: Int?
    /// The connections, numbered from 0 in order of arrival, whose answers are held back.
    var held: Set<Int> = []
    /// The number of accepted connections.
    private(set) var count = 0
    /// The folder of its socket.
    let folder: String

    fileprivate let loop: EventLoop
    private let listener: Int32
    private let path: String
    private let upstream: String
    fileprivate var pairs: [Int: SocketPair] = [:]

    init(on loop: EventLoop) throws {
        let (real, port) = try TestServer.socket()
        var template = Array("/tmp/todo-relay-XXXXXX".utf8CString)
        folder = String(cString: mkdtemp(&template))
        path = "\(folder)/.s.PGSQL.\(port)"
        upstream = "\(real)/.s.PGSQL.\(port)"
        self.loop = loop
        listener = unixSocket()
        super.init()
        try withAddress(path) { _ = try checked("bind", bind(listener, $0, $1)) }
        _ = try checked("listen", listen(listener, 64))
        try loop.add(self, descriptor: listener, for: .readable)
    }

    func close() {
        cut()
        loop.remove(self)
        Glibc.close(listener)
        unlink(path)
        rmdir(folder)
    }

    /// Cuts all connections, both ways.
    func cut() {
        for pair in pairs.values { pair.close() }
        pairs = [:]
    }

    /// Cuts one connection.
    func cut(_ number: Int) {
        pairs.removeValue(forKey: number)?.close()
    }

    /// Forwards the answers of a connection that were held back, and all that follow.
    func release(_ number: Int) {
        held.remove(number)
        pairs[number]?.release()
    }

    /// Whether the answers held back of a connection end with the end of a transaction.
    func hasWholeAnswer(_ number: Int) -> Bool {
        pairs[number]?.kept.suffix(6) == readyForQuery[...]
    }

    /// Ends a connection whose answers are held back like a server that fails at the end of a commit: the results are
    /// forwarded, followed by an error in place of the commit's end.
    func fail(_ number: Int, severity: String, sqlState: String) {
        guard hasWholeAnswer(number), let pair = pairs[number] else { return }
        let fields = ["S\(severity)", "V\(severity)", "C\(sqlState)", "Mthe server fails"]
        let body: [UInt8] = fields.flatMap { (field: String) -> [UInt8] in Array(field.utf8) + [0] } + [0]
        pair.kept.removeLast(readyForQuery.count)
        pair.kept += [UInt8(ascii: "E"), 0, 0, 0, UInt8(body.count + 4)] + body
        held.remove(number)
        pair.release()
        cut(number)
    }

    /// Runs a statement in a session without its client's knowledge.
    func inject(_ sql: String, into number: Int) {
        pairs[number]?.inject(sql)
    }

    override func ready(_ readiness: Readiness) {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        let server = unixSocket()
        let isConnected =
            isOpen && (try? withAddress(upstream) { try checked("connect", connect(server, $0, $1)) }) != nil
        guard isConnected else {
            Glibc.close(client)
            Glibc.close(server)
            return
        }
        pairs[count] = SocketPair(self, number: count, client: client, server: server)
        count += 1
    }
}

/// The message by which the server ends its answer.
private let readyForQuery: [UInt8] = [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")]

/// The two sockets of one relayed connection.
private final class SocketPair {
    final class End: EventSource {
        unowned let pair: SocketPair
        let descriptor: Int32

        init(_ pair: SocketPair, _ descriptor: Int32) {
            self.pair = pair
            self.descriptor = descriptor
        }

        override func ready(_ readiness: Readiness) { pair.pass(from: self) }
    }

    unowned let relay: Relay
    let number: Int
    var kept: [UInt8] = []
    private var client: End?
    private var server: End?

    init(_ relay: Relay, number: Int, client: Int32, server: Int32) {
        self.relay = relay
        self.number = number
        for (descriptor, isClient) in [(client, true), (server, false)] {
            let end = End(self, descriptor)
            if isClient { self.client = end } else { self.server = end }
            try? relay.loop.add(end, descriptor: descriptor, for: .readable)
        }
    }

    func close() {
        for end in [client, server].compactMap({ $0 }) {
            relay.loop.remove(end)
            Glibc.close(end.descriptor)
        }
        (client, server) = (nil, nil)
    }

    func release() {
        if let client { write(kept, to: client) }
        kept = []
    }

    func pass(from source: End) {
        guard let client, let server else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let length = read(source.descriptor, &buffer, buffer.count)
        guard length > 0 else {
            close()
            relay.pairs[number] = nil
            return
        }
        var bytes = Array(buffer[..<length])
        let isAnswer = source === server
        let budget = isAnswer ? relay.answerBudget : relay.requestBudget
        let left = budget.map { $0 - length }
        if let left, left < 0 { bytes.removeLast(-left) }
        if isAnswer { relay.answerBudget = left } else { relay.requestBudget = left }
        if isAnswer, relay.held.contains(number) {
            kept += bytes
        } else {
            write(bytes, to: isAnswer ? client : server)
        }
        if let left, left < 0 {
            relay.answerBudget = nil
            relay.requestBudget = nil
            relay.cut()
        }
    }

    func inject(_ sql: String) {
        guard let server else { return }
        let text = Array(sql.utf8) + [0]
        write(
            [UInt8(ascii: "Q"), 0, 0, UInt8((text.count + 4) >> 8), UInt8((text.count + 4) & 255)] + text, to: server)
        var answer: [UInt8] = []
        while answer.suffix(6) != readyForQuery[...] {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let length = read(server.descriptor, &buffer, buffer.count)
            guard length > 0 else { return }
            answer += buffer[..<length]
        }
    }

    private func write(_ bytes: [UInt8], to end: End) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = rest.withUnsafeBytes {
                send(end.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard length > 0 else { return }
            rest = rest.dropFirst(length)
        }
    }
}

/// A stream socket in the file system.
private func unixSocket() -> Int32 {
    socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
}

private func withAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
) rethrows -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return try withUnsafePointer(to: address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
