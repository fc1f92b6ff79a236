internal import Base

/// An address that is reachable only from this machine.
public enum LocalAddress: Equatable, Sendable, CustomStringConvertible {
    /// A unix socket at a path.
    case unix(String)
    /// An address in 127.0.0.0/8 and a port.
    case ipv4(UInt32, port: UInt16)
    /// A port of ::1.
    case ipv6(port: UInt16)

    /// Why a text is not such an address.
    public enum Problem: Error, Equatable, CustomStringConvertible {
        /// None of the supported forms.
        case malformed
        /// An address that other machines may reach.
        case isPublic
        /// A path that is too long for a unix socket.
        case isTooLong

        /// The message, which follows the name of a setting.
        public var description: String {
            switch self {
            case .malformed: "must be unix:PATH, 127.0.0.1:PORT or [::1]:PORT"
            case .isPublic: "must be an address of this machine alone: unix:PATH, 127.0.0.1:PORT or [::1]:PORT"
            case .isTooLong: "names a path of more than \(UnixAddress.maximumPathBytes) bytes"
            }
        }
    }

    /// Reads `unix:PATH`, `127.x.y.z:PORT` or `[::1]:PORT`.
    public init(_ text: String) throws(Problem) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst(5)
            guard path.hasPrefix("/") else { throw .malformed }
            guard path.utf8.count <= UnixAddress.maximumPathBytes else { throw .isTooLong }
            self = .unix(String(path))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { throw .malformed }
        let host = text[..<colon]
        if host == "[::1]" {
            self = .ipv6(port: port)
            return
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        guard parts.count == 4, bytes.count == 4 else {
            throw host.isEmpty || host.hasPrefix("[") || host == "localhost" || parts.count > 1 ? .isPublic : .malformed
        }
        guard bytes[0] == 127 else { throw .isPublic }
        self = .ipv4(bytes.reduce(0) { $0 << 8 | UInt32($1) }, port: port)
    }

    /// The text that `init` parses.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .ipv4(let address, let port):
            "\([24, 16, 8, 0].map { String(address >> $0 & 0xff) }.joined(separator: ".")):\(port)"
        case .ipv6(let port): "[::1]:\(port)"
        }
    }
}
