public import Base
internal import CLinux
internal import Glibc

/// A socket of a local address.
public struct LocalSocket: ~Copyable {
    /// The socket; closed with its last use.
    public let descriptor: Int32
    /// The lock file's descriptor, while listening on a unix socket.
    private let lock: Int32

    private init(_ descriptor: Int32, lock: Int32 = -1) {
        self.descriptor = descriptor
        self.lock = lock
    }

    deinit {
        close(descriptor)
        if lock >= 0 { close(lock) }
    }

    /// Listens on a non-blocking socket; EADDRINUSE when another process does.
    ///
    /// A unix socket's file without a listener is replaced; a lock on the file `PATH.lock` ensures that only one
    /// process does so. The corresponding C functions are `bind`, `listen` and
    /// `flock`.
    public static func listening(on address: LocalAddress) throws(SystemError) -> LocalSocket {
        var lock: Int32 = -1
        if case .unix(let path) = address {
            lock = try checked("open", unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
                close(lock)
                throw SystemError("bind", code: EADDRINUSE)
            }
            var status = stat()
            if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unsafe unlink(path) }
        }
        let socket = LocalSocket(try make(for: address), lock: lock)
        var isReused: Int32 = 1
        unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        _ = try checked("bind", unsafe withAddress(address) { unsafe bind(socket.descriptor, $0, $1) })
        if case .unix(let path) = address { _ = try checked("chmod", unsafe chmod(path, 0o660)) }
        _ = try checked("listen", listen(socket.descriptor, 16))
        return socket
    }

    /// Connects; each step, read and write blocks for two seconds at most.
    ///
    /// The corresponding C function is `connect`.
    public static func connected(to address: LocalAddress) throws(SystemError) -> LocalSocket {
        let socket = LocalSocket(try make(for: address, flags: 0))
        var timeout = timeval(tv_sec: 2, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        _ = try checked("connect", unsafe withAddress(address) { unsafe connect(socket.descriptor, $0, $1) })
        return socket
    }

    private static func make(
        for address: LocalAddress, flags: Int32 = Int32(SOCK_NONBLOCK.rawValue)
    ) throws(SystemError) -> Int32 {
        let family =
            switch address {
            case .unix: AF_UNIX
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            }
        return try checked("socket", socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) | flags, 0))
    }

    /// Calls a socket function with an address in the form it wants.
    private static func withAddress(
        _ address: LocalAddress, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        switch address {
        case .unix(let path):
            // Cannot fail: `LocalAddress` checks the length.
            guard let form = UnixAddress(path: path) else { preconditionFailure("a path of 107 bytes at most") }
            return unsafe form.withPointer(call)
        case .ipv4(let host, let port):
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_addr.s_addr = host.bigEndian
            form.sin_port = port.bigEndian
            return unsafe withSocketAddress(form, call)
        case .ipv6(let port):
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            unsafe form.sin6_addr.__in6_u.__u6_addr8.15 = 1
            form.sin6_port = port.bigEndian
            return unsafe withSocketAddress(form, call)
        }
    }
}
