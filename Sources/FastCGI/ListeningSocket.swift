public import Base
internal import CLinux
internal import Glibc

/// A socket that the web server connects to; closed with its last reference.
public final class ListeningSocket {
    let descriptor: Int32
    /// Whether its connections may come from another host.
    private let isTCP: Bool
    private let path: String?

    private init(descriptor: Int32, path: String?) {
        self.descriptor = descriptor
        self.path = path
        var domain: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let isKnown = unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0
        isTCP = isKnown && (domain == AF_INET || domain == AF_INET6)
    }

    deinit {
        // In this order: once it is closed, the path may belong to another process.
        if let path { unsafe unlink(path) }
        _ = close(descriptor)
    }

    /// Takes a listening socket that the process inherited.
    ///
    /// Sets O_NONBLOCK, for every process that shares the socket, so that `accept` does not block when another process
    /// took the connection first. Throws ENOTSOCK or EINVAL when the descriptor is no listening socket.
    public static func inherited(_ descriptor: Int32) throws(SystemError) -> ListeningSocket {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = try checked(
            "getsockopt", unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size))
        guard isListening != 0 else { throw SystemError("accept", code: EINVAL) }
        let flags = try checked("fcntl", fcntl(descriptor, F_GETFL))
        _ = try checked("fcntl", fcntl(descriptor, F_SETFL, flags | O_NONBLOCK))
        return ListeningSocket(descriptor: descriptor, path: nil)
    }

    /// Listens on a unix socket at a path, which its user and group may connect to; the file is removed at the end.
    ///
    /// A socket file without a listener is replaced; one with a listener, or a file of another kind, is EADDRINUSE.
    /// Paths have at most 107 bytes: ENAMETOOLONG. The corresponding C functions are `bind` and `listen`.
    public static func bound(to path: String, backlog: Int32 = 4096) throws(SystemError) -> ListeningSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            unsafe room.copyBytes(from: path.utf8)
            return true
        }
        guard isShort else { throw SystemError("bind", code: ENAMETOOLONG) }
        let descriptor = try checked(
            "socket", socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0))
        do throws(SystemError) {
            guard unsafe withAddress(address, { unsafe connect(descriptor, $0, $1) }) != 0 else {
                throw SystemError("bind", code: EADDRINUSE)
            }
            if errno == ECONNREFUSED, isSocket(path) { unsafe unlink(path) }
            _ = try checked("bind", unsafe withAddress(address) { unsafe bind(descriptor, $0, $1) })
        } catch {
            _ = close(descriptor)
            throw error
        }
        let socket = ListeningSocket(descriptor: descriptor, path: path)
        _ = try checked("chmod", unsafe chmod(path, 0o660))
        _ = try checked("listen", listen(descriptor, backlog))
        return socket
    }

    /// Accepts a waiting connection as a non-blocking socket; nil, with `errno` set, when there is none.
    ///
    /// A TCP connection sends small answers at once, and fails within a minute when the peer's host is gone. The
    /// corresponding C functions are `accept4` and `setsockopt`.
    func accept() -> Int32? {
        let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let connection = accept4(descriptor, nil, nil, Int32(flags))
        guard connection >= 0 else { return nil }
        guard isTCP else { return connection }
        let tcp = Int32(IPPROTO_TCP)
        for (level, option, value) in [
            (tcp, TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 30), (tcp, TCP_KEEPINTVL, 10),
            (tcp, TCP_KEEPCNT, 3),
        ] {
            var value = Int32(value)
            unsafe setsockopt(connection, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        return connection
    }

    /// Needed because connecting to a file of another kind is also ECONNREFUSED, as for a socket without a listener.
    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Calls a socket function with an address in the form it wants.
    private static func withAddress(
        _ address: sockaddr_un, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
