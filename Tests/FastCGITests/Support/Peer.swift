import Glibc

/// The web server's end of a connection.
final class Peer {
    let descriptor: Int32
    private(set) var reader = ReplyReader()
    /// The other end has closed, or broken, the connection.
    private(set) var isClosed = false

    /// Connects at once; the kernel does not wait for an `accept`.
    init(to path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "socket: \(errno)")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(result == 0, "connect: \(errno)")
    }

    /// Connects to a port of this machine.
    init(toPort port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = loopback(port) { connect(descriptor, $0, $1) }
        precondition(result == 0, "connect: \(errno)")
    }

    deinit {
        if !isGone { Glibc.close(descriptor) }
    }

    private var isGone = false

    /// Sends what fits into the socket's buffer, some 200 KB: no read happens meanwhile on this thread.
    func send(_ bytes: [UInt8]) {
        precondition(bytes.count < 150_000, "the rest would not be read: send it from a thread of its own")
        _ = Wire.send(descriptor, bytes)
    }

    func send(_ call: Call) {
        send(call.bytes)
    }

    /// Closes both directions at once, as a web server that gives up.
    func close() {
        Glibc.close(descriptor)
        isGone = true
    }

    /// Nothing more will be sent; the answer can still come.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads what has arrived, without waiting.
    func receive() {
        while !isClosed {
            switch Wire.receive(descriptor, atMost: 65_536, flags: Int32(MSG_DONTWAIT)) {
            case .bytes(let bytes): reader.take(bytes)
            case .nothing: return
            case .closed: isClosed = true
            }
        }
    }

    /// Whether the other end has left sent bytes unread in the socket.
    var hasUnreadBytes: Bool { Wire.unreadCount(descriptor) != 0 }

    /// The answers so far.
    var replies: [Reply] {
        receive()
        return reader.replies
    }

    /// Whether the other end has closed the connection.
    var sawEnd: Bool {
        receive()
        return isClosed
    }
}

/// System calls on a peer's descriptor, for threads too.
enum Wire {
    enum Received {
        case bytes([UInt8])
        case nothing
        case closed
    }

    /// Sends all of it; false when the other end is gone.
    static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let part = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if part < 0 { return false }
            sent += part
        }
        return true
    }

    /// Sends piece by piece, each when the other end has read the one before it.
    static func send(_ descriptor: Int32, _ bytes: [UInt8], inPiecesOf size: Int) {
        var rest = bytes[...]
        while !rest.isEmpty, send(descriptor, Array(rest.prefix(size))) {
            rest = rest.dropFirst(size)
            repeat { sched_yield() } while unreadCount(descriptor) != 0 && !isClosed(descriptor)
        }
    }

    /// The sent bytes that the other end has not read, in bytes of the kernel's memory.
    static func unreadCount(_ descriptor: Int32) -> Int32 {
        var count: Int32 = 0
        // SIOCOUTQ
        precondition(ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0, "ioctl: \(errno)")
        return count
    }

    static func receive(_ descriptor: Int32, atMost count: Int, flags: Int32 = 0) -> Received {
        var bytes = [UInt8](repeating: 0, count: count)
        let part = recv(descriptor, &bytes, count, flags)
        if part > 0 { return .bytes(Array(bytes[..<part])) }
        return part < 0 && errno == EAGAIN ? .nothing : .closed
    }

    /// Shuts down both directions of a descriptor that another owner closes.
    static func breakOff(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func isClosed(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}

/// Calls a socket function with the address of a port of this machine.
func loopback(_ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
