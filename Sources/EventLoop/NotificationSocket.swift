internal import Base
internal import CLinux
internal import Glibc

/// The service manager's notification socket.
///
/// The protocol is that of `sd_notify(3)`: assignments such as `READY=1`, one per line.
public final class NotificationSocket {
    private let descriptor: Int32
    private let address: UnixAddress

    /// Takes the address as `NOTIFY_SOCKET` holds it: a path, or `@` and an abstract name; nil for anything else.
    ///
    /// The corresponding C function is `socket`.
    public init?(_ name: String) {
        guard name.utf8.count > 1, let address = Self.address(name) else { return nil }
        self.address = address
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    private static func address(_ name: String) -> UnixAddress? {
        switch name.utf8.first {
        case UInt8(ascii: "/"): UnixAddress(path: name)
        case UInt8(ascii: "@"): UnixAddress(abstractName: String(name.dropFirst()))
        default: nil
        }
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// Sends assignments; failures are ignored, since the service runs without a manager too.
    ///
    /// It never blocks. The corresponding C function is `sendto`.
    public func send(_ assignments: String) {
        let bytes = Array(assignments.utf8)
        _ = unsafe address.withPointer {
            unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), $0, $1)
        }
    }
}
