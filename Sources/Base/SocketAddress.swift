public import CLinux
internal import Glibc

/// The address of a unix socket as a `sockaddr_un`.
@safe
public struct UnixAddress {
    /// The most bytes of a path.
    public static let maximumPathBytes = 107

    private var address = sockaddr_un()
    private let length: socklen_t

    /// Takes a path; nil when it is too long.
    public init?(path: String) {
        guard path.utf8.count <= Self.maximumPathBytes else { return nil }
        // The NUL at its end counts too.
        self.init(Array(path.utf8), count: path.utf8.count + 1)
    }

    /// Takes an abstract name, which may hold any byte; nil when it is too long.
    public init?(abstractName name: String) {
        guard name.utf8.count <= Self.maximumPathBytes else { return nil }
        self.init([0] + name.utf8, count: name.utf8.count + 1)
    }

    private init(_ bytes: [UInt8], count: Int) {
        address.sun_family = sa_family_t(AF_UNIX)
        length = socklen_t((MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2) + count)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in unsafe room.copyBytes(from: bytes) }
    }

    /// Calls a socket function with the address.
    public func withPointer<Result>(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withSocketAddress(address) { pointer, _ in unsafe call(pointer, length) }
    }
}

/// Calls a socket function with a `sockaddr_in` or similar structure, and its size.
public func withSocketAddress<Form, Result>(
    _ form: Form, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    unsafe withUnsafePointer(to: form) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe call($0, socklen_t(MemoryLayout<Form>.size))
        }
    }
}
