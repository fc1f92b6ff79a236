internal import Base

/// An address that only this machine can reach.
public enum LocalAddress: Equatable, Sendable, CustomStringConvertible {
    /// A unix socket at a path.
    case unix(String)
    /// A port of the loopback interface, with the last three bytes of its 127.
    case ipv4(UInt32, port: UInt16)
    /// A port of ::1.
    case ipv6(port: UInt16)

    /// What a text lacks to be one.
    public enum Problem: Error, Equatable, CustomStringConvertible {
        /// Neither of the forms.
        case malformed
        /// An address of the network.
        case isPublic
        /// Longer than an address of a unix socket may be.
        case isTooLong

        /// After the name of a setting.
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

    /// As `init` reads it.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .ipv4(let address, let port):
            "\([24, 16, 8, 0].map { String(address >> $0 & 0xff) }.joined(separator: ".")):\(port)"
        case .ipv6(let port): "[::1]:\(port)"
        }
    }
}
