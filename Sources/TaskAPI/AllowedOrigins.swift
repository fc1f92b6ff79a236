internal import Base

/// The origins whose pages may read answers, with credentials.
public struct AllowedOrigins: Equatable, Sendable {
    /// The origins, spelled as browsers do in `Origin`.
    public let origins: [String]

    /// The origin of a frontend on a developer's machine.
    public static let development = AllowedOrigins(valid: ["http://localhost:3000"])

    /// Reads a comma-separated list, or a JSON array as pydantic expects it.
    ///
    /// Spaces and quotes around an origin and a trailing slash are ignored. `deploy/lib/nginx.sh` has the same rule and
    /// writes the origins into nginx's configuration, where none of the allowed characters has a meaning.
    public init(list: String) throws(OriginError) {
        var list = Self.trimmed(list.utf8[...])
        // Brackets within an item belong to an IPv6 address.
        if list.first == UInt8(ascii: "["), list.last == UInt8(ascii: "]") { list = list.dropFirst().dropLast() }
        var origins: [String] = []
        for (index, item) in list.split(separator: UInt8(ascii: ",")).enumerated() {
            var origin = Self.trimmed(item)
            if let quote = origin.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), origin.count > 1,
                origin.last == quote
            {
                origin = origin.dropFirst().dropLast()
            }
            while origin.last == UInt8(ascii: "/") { origin.removeLast() }
            if origin.isEmpty { continue }
            guard Self.isOrigin(origin) else { throw OriginError(origin: String(Substring(item)), number: index + 1) }
            origins.append(String(Substring(origin)))
        }
        self.origins = origins
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text.drop { $0 == UInt8(ascii: " ") }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }

    private init(valid origins: [String]) {
        self.origins = origins
    }

    /// Whether an `Origin` header equals one of the origins, byte for byte.
    func contains(_ origin: Span<UInt8>) -> Bool {
        for allowed in origins where origin.equals(allowed.utf8Span.span) { return true }
        return false
    }

    /// Whether a text is `scheme://host[:port]`: not `*`, not `null`, without a path.
    ///
    /// A host is a name of RFC 3986's unreserved characters, or an IPv6 address in brackets.
    private static func isOrigin(_ text: Substring.UTF8View) -> Bool {
        let scheme = text.prefix { $0.isLowercaseLetter || $0.isDigit || "+-.".utf8.contains($0) }
        guard scheme.first?.isLowercaseLetter == true, text.dropFirst(scheme.count).starts(with: "://".utf8) else {
            return false
        }
        var rest = text.dropFirst(scheme.count + 3)
        if rest.first == UInt8(ascii: "[") {
            let address = rest.dropFirst().prefix { $0.hexadecimalValue != nil || ":.".utf8.contains($0) }
            rest = rest.dropFirst(1 + address.count)
            guard !address.isEmpty, rest.popFirst() == UInt8(ascii: "]") else { return false }
        } else {
            let name = rest.prefix { $0.lowercased.isLowercaseLetter || $0.isDigit || "-._~".utf8.contains($0) }
            guard !name.isEmpty else { return false }
            rest = rest.dropFirst(name.count)
        }
        guard let colon = rest.popFirst() else { return true }
        return colon == UInt8(ascii: ":") && 1...5 ~= rest.count && rest.allSatisfy(\.isDigit)
    }
}

extension UInt8 {
    fileprivate var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
}

/// An item of a list that is not an origin; `*` is refused, since answers allow credentials.
public struct OriginError: Error, Equatable, Sendable {
    /// The item as it was in the list.
    public let origin: String
    /// The item's place in the list, from 1.
    public let number: Int
}
