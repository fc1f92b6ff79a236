/// Base64url without padding (RFC 4648, section 5, as RFC 7515 uses it), in its one canonical form.
///
/// Two texts never decode to the same bytes: padding, white space, `+`, `/` and non-zero trailing bits are refused, so
/// a token has exactly one spelling.
public enum Base64URL {
    /// Decodes a text; nil when it is not canonical.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        let rest = text.count % 4
        guard rest != 1 else { return nil }
        let values = values.span
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + max(rest - 1, 0))
        var output = bytes.mutableSpan
        // Accumulates the invalid bit of every character; checked once, at the end.
        var seen: UInt8 = 0
        var (input, written) = (0, 0)
        while input + 4 <= text.count {
            let first = values[Int(text[input])]
            let second = values[Int(text[input + 1])]
            let third = values[Int(text[input + 2])]
            let fourth = values[Int(text[input + 3])]
            seen |= first | second | third | fourth
            output[written] = first << 2 | second >> 4
            output[written + 1] = second << 4 | third >> 2
            output[written + 2] = third << 6 | fourth
            input += 4
            written += 3
        }
        if rest >= 2 {
            let first = values[Int(text[input])]
            let second = values[Int(text[input + 1])]
            let third = rest == 3 ? values[Int(text[input + 2])] : 0
            seen |= first | second | third
            output[written] = first << 2 | second >> 4
            if rest == 3 { output[written + 1] = second << 4 | third >> 2 }
            let leftOver = rest == 3 ? third & 0b11 : second & 0b1111
            guard leftOver == 0 else { return nil }
        }
        return seen & invalid == 0 ? bytes : nil
    }

    /// Encodes bytes to their canonical text.
    public static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        // The low bits are not written yet.
        var (bits, count) = (UInt32(0), 0)
        for index in bytes.indices {
            bits = bits << 8 | UInt32(bytes[index])
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
        return text
    }

    /// Whether a character belongs to the alphabet.
    static func isDigit(_ character: UInt8) -> Bool {
        values[Int(character)] & invalid == 0
    }

    /// Marks a character outside the alphabet; no six-bit value has this bit.
    private static let invalid: UInt8 = 0x80

    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: invalid, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
