internal import JSON

/// A token decoded for display, not verified and without its signature.
public struct TokenInspection: Sendable {
    /// The header as it was sent, on one line; nil when it cannot be decoded.
    public let header: String?
    /// The claims as they were sent, on one line; nil when they cannot be decoded.
    public let claims: String?
    /// `exp`, `nbf` and `iat` where they are numbers, in seconds since 1970, in the claims' order.
    public let dates: [(name: String, seconds: Int64)]

    /// Decodes any text with a dot in it, well-formed or not.
    public init(_ compact: Span<UInt8>) {
        var parts: [[UInt8]?] = []
        var start = 0
        for index in compact.indices where compact[index] == UInt8(ascii: ".") {
            parts.append(Base64URL.decode(compact.extracting(start..<index)))
            start = index + 1
            // After the second dot comes the signature, or the encrypted key of a JWE.
            if parts.count == 2 { break }
        }
        header = parts.first.flatMap { $0.map(Self.line) }
        let payload = parts.count == 2 ? parts[1] : nil
        claims = payload.map(Self.line)
        dates = payload.map(Self.dates) ?? []
    }

    /// The text without control characters, so that it cannot move a terminal's cursor.
    private static func line(_ bytes: [UInt8]) -> String {
        var line = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value || scalar.properties.generalCategory == .format {
                line += scalar.escaped(asASCII: true)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    private static func dates(_ payload: [UInt8]) -> [(name: String, seconds: Int64)] {
        var dates: [(String, Int64)] = []
        var reader = StrictReader(payload.span, failure: TokenError.malformedClaims)
        var names = StrictReader<TokenError>.Names()
        do throws(TokenError) {
            try reader.beginObject()
            while let name = try reader.nextMember(&names) {
                guard name == "exp" || name == "nbf" || name == "iat" else { continue }
                let text = String(name)
                guard let number = try reader.number(), let seconds = NumericDate.wholeSeconds(number.double) else {
                    continue
                }
                dates.append((text, seconds))
            }
        } catch {
            // The dates before the error are shown.
        }
        return dates
    }
}
