extension JSONReader {
    /// Passes over a string whose opening quote is there and returns what lies between its quotes, checked.
    @_lifetime(copy self)
    mutating func scanString() throws(JSONError) -> JSONText {
        let start = position + 1
        var end = start
        var isASCII = true
        var hasEscapes = false
        while true {
            end = text.endOfPlainText(from: end)
            guard end < text.count else { throw fail(.unexpectedEnd, at: end) }
            switch text[end] {
            case UInt8(ascii: "\""):
                position = end + 1
                return JSONText(raw: text.extracting(start..<end), isASCII: isASCII, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                end = try endOfEscape(at: end)
            case ..<0x20:
                throw fail(.controlCharacter, at: end)
            default:
                isASCII = false
                end = try endOfSequence(at: end)
            }
        }
    }

    /// Where an escape ends that starts at an offset (RFC 8259, section 7).
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

    /// Where a sequence of two to four bytes ends that starts at an offset (RFC 3629, section 4).
    private mutating func endOfSequence(at start: Int) throws(JSONError) -> Int {
        // The second byte's bounds shut out overlong forms, surrogates and what lies beyond U+10FFFF.
        let length: Int
        let second: ClosedRange<UInt8>
        switch text[start] {
        case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        default: throw fail(.invalidUTF8, at: start)
        }
        guard second ~= (try byte(at: start + 1)) else { throw fail(.invalidUTF8, at: start) }
        for offset in 2..<length {
            guard try byte(at: start + offset) & 0xc0 == 0x80 else { throw fail(.invalidUTF8, at: start) }
        }
        return start + length
    }

    private mutating func byte(at offset: Int) throws(JSONError) -> UInt8 {
        guard offset < text.count else { throw fail(.unexpectedEnd, at: text.count) }
        return text[offset]
    }
}
