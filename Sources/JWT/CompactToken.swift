/// The three parts of a JWS in compact serialisation (RFC 7515, section 7.1), encoded and not verified.
struct CompactToken: ~Escapable {
    let header: Span<UInt8>
    let payload: Span<UInt8>
    let signature: Span<UInt8>
    /// What the signature covers: header and payload with the dot between them.
    let signed: Span<UInt8>

    /// Splits a text into exactly three parts, none of them empty, of base64url characters only.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>) throws(TokenError) {
        var (first, second) = (0, 0)
        for index in text.indices where !Base64URL.isDigit(text[index]) {
            guard text[index] == UInt8(ascii: "."), second == 0, index > 0 else { throw .malformed }
            if first == 0 { first = index } else { second = index }
        }
        guard second > first + 1, second + 1 < text.count else { throw .malformed }
        header = text.extracting(0..<first)
        payload = text.extracting(first + 1..<second)
        signature = text.extracting(second + 1..<text.count)
        signed = text.extracting(0..<second)
    }
}
