/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        /// The text ends within a value.
        case unexpectedEnd
        /// A byte that the grammar does not allow at this position.
        case unexpectedByte
        /// The text starts with U+FEFF (RFC 8259, section 8.1, lets a reader refuse it).
        case byteOrderMark
        /// Another word than `true`, `false` or `null`.
        case unknownWord
        /// A malformed number: a leading zero, a lone minus sign, no digit after a point.
        case malformedNumber
        /// An unescaped control character within a string.
        case controlCharacter
        /// An invalid escape sequence.
        case malformedEscape
        /// Half a surrogate pair.
        case loneSurrogate
        /// A string that is not UTF-8.
        case invalidUTF8
        /// Arrays and objects nested beyond the reader's bound.
        case tooDeep
    }

    /// What is wrong at the offset.
    public let reason: Reason
    /// Counted in bytes from the start of the text.
    public let offset: Int
}

extension JSONError: CustomStringConvertible {
    /// One sentence for the sender of the text; it quotes no part of the text.
    public var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "the text ends too early"
            case .unexpectedByte: "this character is not expected here"
            case .byteOrderMark: "a byte order mark is not allowed"
            case .unknownWord: "only true, false and null are words"
            case .malformedNumber: "this is not a number"
            case .controlCharacter: "a control character must be escaped"
            case .malformedEscape: "this is not an escape sequence"
            case .loneSurrogate: "half a surrogate pair is not a character"
            case .invalidUTF8: "this is not UTF-8"
            case .tooDeep: "arrays and objects are nested too deeply"
            }
        return "Not JSON at byte \(offset): \(what)."
    }
}
