import Base
import EventLoop
import Glibc
import PostgreSQL

/// A TCP proxy to the tests' PostgreSQL, which can also accept connections and stay silent.
final class TestRelay: EventSource {
    /// Whether new connections are accepted and not forwarded.
    var isSilent = false
    /// The number of accepted connections.
    private(set) var count = 0
    let port: UInt16

    fileprivate let loop: EventLoop
    private let listener: Int32
    private let upstream: String
    private var silent: [Int32] = []
    fileprivate var pairs: [SocketPair] = []

    /// - Parameter address: any address in 127.0.0.0/8.
    /// - Parameter port: 0 for any.
    init(on loop: EventLoop, address: String = "127.0.0.1", port: UInt16 = 0) throws {
        upstream = try TestServer.socketPath()
        self.loop = loop
        (listener, self.port) = try listeningSocket(address, port)
        super.init()
        try loop.add(self, descriptor: listener, for: .readable)
    }

    /// Forwards the connections that were accepted and not forwarded.
    func wake() {
        isSilent = false
        for client in silent { serve(client) }
        silent = []
    }

    /// Cuts all connections.
    func cut() {
        for pair in pairs { pair.close() }
        pairs = []
        for client in silent { Glibc.close(client) }
        silent = []
    }

    func close() {
        cut()
        loop.remove(self)
        Glibc.close(listener)
    }

    override func ready(_ readiness: Readiness) {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        count += 1
        if isSilent { silent.append(client) } else { serve(client) }
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: upstream.utf8) }
        let code = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(code == 0)
        pairs.append(SocketPair(client, server, on: loop))
    }
}

/// A socket that listens on TCP, and its port.
func listeningSocket(_ address: String, _ port: UInt16 = 0, backlog: Int32 = 64) throws -> (Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var isOn: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &isOn, 4)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    inet_pton(AF_INET, address, &name.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &name) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = try checked("bind", bind(listener, $0, length))
            _ = try checked("listen", listen(listener, backlog))
            _ = try checked("getsockname", getsockname(listener, $0, &length))
        }
    }
    return (listener, UInt16(bigEndian: name.sin_port))
}

/// The two sockets of one relayed connection.
final class SocketPair {
    private final class End: EventSource {
        let descriptor: Int32
        var received: (() -> Void)?

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        override func ready(_ readiness: Readiness) { received?() }
    }

    private let ends: (client: End, server: End)
    private let loop: EventLoop

    init(_ client: Int32, _ server: Int32, on loop: EventLoop) {
        ends = (End(client), End(server))
        self.loop = loop
        ends.client.received = { [unowned self] in pass(from: ends.client, to: ends.server) }
        ends.server.received = { [unowned self] in pass(from: ends.server, to: ends.client) }
        for end in [ends.client, ends.server] {
            try? loop.add(end, descriptor: end.descriptor, for: .readable)
        }
    }

    func close() {
        for end in [ends.client, ends.server] where end.received != nil {
            loop.remove(end)
            Glibc.close(end.descriptor)
            end.received = nil
        }
    }

    private func pass(from source: End, to target: End) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let length = read(source.descriptor, &buffer, buffer.count)
        guard length > 0 else { return close() }
        var sent = 0
        while sent < length {
            let count = buffer.withUnsafeBytes {
                send(target.descriptor, $0.baseAddress?.advanced(by: sent), length - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return close() }
            sent += count
        }
    }
}
