extension JSONReader {
    /// Scans a string whose opening quote is present and returns the validated text between its quotes.
    @_lifetime(copy self)
    mutating func scanString() throws(JSONError) -> JSONText {
        let start = position + 1
        var end = start
        var seen = EightBytes(loaded: 0)
        var hasEscapes = false
        while true {
            end = text.endOfPlainText(from: end, seen: &seen)
            switch try byte(at: end) {
            case UInt8(ascii: "\""):
                position = end + 1
                let raw = text.extracting(start..<end)
                if !seen.isASCII, let offset = raw.offsetOfInvalidUTF8 {
                    throw fail(.invalidUTF8, at: start + offset)
                }
                return JSONText(raw: raw, isASCII: seen.isASCII, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                end = try endOfEscape(at: end)
            default:
                throw fail(.controlCharacter, at: end)
            }
        }
    }

    /// The end of an escape that starts at an offset (RFC 8259, section 7).
    private mutating func endOfEscape(at start: Int) throws(JSONError) -> Int {
        switch try byte(at: start + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            let unit = try escapedUnit(at: start)
            switch unit {
            case 0xd800...0xdbff:
                guard try byte(at: start + 6) == UInt8(ascii: "\\"), try byte(at: start + 7) == UInt8(ascii: "u"),
                    case 0xdc00...0xdfff = try escapedUnit(at: start + 6)
                else { throw fail(.loneSurrogate, at: start) }
                return start + 12
            case 0xdc00...0xdfff: throw fail(.loneSurrogate, at: start)
            default: return start + 6
            }
        default: throw fail(.malformedEscape, at: start)
        }
    }

    /// The UTF-16 code unit of a `\uXXXX` at an offset.
    private mutating func escapedUnit(at start: Int) throws(JSONError) -> UInt32 {
        _ = try byte(at: start + 5)
        guard let unit = text.hexadecimalUnit(at: start + 2) else { throw fail(.malformedEscape, at: start) }
        return unit
    }

    private mutating func byte(at offset: Int) throws(JSONError) -> UInt8 {
        guard offset < text.count else { throw fail(.unexpectedEnd, at: text.count) }
        return text[offset]
    }
}
