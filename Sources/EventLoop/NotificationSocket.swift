internal import CLinux
internal import Glibc

/// The datagram socket on which a service manager wants to hear from its services.
///
/// The protocol is that of `sd_notify(3)`: assignments such as `READY=1`, a line each.
public final class NotificationSocket {
    private let descriptor: Int32
    private var address = sockaddr_un()
    private let length: socklen_t

    /// Takes the address as `NOTIFY_SOCKET` holds it: a path, or `@` and an abstract name; nil for anything else.
    ///
    /// The corresponding C function is `socket`.
    public init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard bytes.count > 1, bytes[0] == UInt8(ascii: "/") || bytes[0] == UInt8(ascii: "@") else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        let offset = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2
        // Of a path its NUL counts too; of an abstract name, which may hold any byte, only what is there.
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        length = socklen_t(offset + bytes.count + (isAbstract ? 0 : 1))
        guard Int(length) <= MemoryLayout<sockaddr_un>.size else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            unsafe room.copyBytes(from: bytes)
            if isAbstract { unsafe room[0] = 0 }
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// Sends assignments; a manager that does not listen is no concern of the service.
    ///
    /// It never waits. The corresponding C function is `sendto`.
    public func send(_ assignments: String) {
        let bytes = Array(assignments.utf8)
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(
                    descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
