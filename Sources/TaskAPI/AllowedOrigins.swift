internal import Base

/// The origins whose pages may read answers, with credentials; all others get no permission.
public struct AllowedOrigins: Equatable, Sendable {
    /// As browsers spell them in `Origin`.
    public let origins: [String]

    /// A frontend on its developer's machine.
    public static let development = AllowedOrigins(valid: ["http://localhost:3000"])

    /// Reads a comma-separated list; spaces and a trailing slash around an origin do not matter.
    public init(list: String) throws(OriginError) {
        var origins: [String] = []
        for item in list.split(separator: ",") {
            var origin = item.drop { $0 == " " }
            while origin.last == " " || origin.last == "/" { origin.removeLast() }
            if origin.isEmpty { continue }
            guard Self.isOrigin(origin.utf8) else { throw OriginError(origin: String(item)) }
            origins.append(String(origin))
        }
        self.origins = origins
    }

    private init(valid origins: [String]) {
        self.origins = origins
    }

    /// Whether an `Origin` header names one of them, byte for byte.
    func contains(_ origin: Span<UInt8>) -> Bool {
        for allowed in origins where origin.equals(allowed.utf8Span.span) { return true }
        return false
    }

    /// Whether it is `scheme://host[:port]`, and so neither `*` nor `null` nor a path.
    private static func isOrigin(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].count > 2,
            parts[1].starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")])
        else {
            return false
        }
        return parts[1].dropFirst(2).allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "*")
        }
    }
}

/// An item of a list of origins that is not one; `*` is none, since answers carry credentials.
public struct OriginError: Error, Equatable, Sendable {
    /// The item as it stood in the list.
    public let origin: String
}
