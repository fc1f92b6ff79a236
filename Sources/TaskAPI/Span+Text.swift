internal import Base

/// Text operations on borrowed bytes.
extension Span where Element == UInt8 {
    /// Whether the bytes equal a lower-case literal, ignoring the case of ASCII letters.
    func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        let literal = lowercase.bytes
        guard count == literal.count else { return false }
        // Most bytes are as they should be without a change of case.
        for index in indices where self[index] != literal[index] && self[index].lowercased != literal[index] {
            return false
        }
        return true
    }

    /// The first index of a byte from a start on; `count` where there is none.
    func firstIndex(of byte: UInt8, from start: Int = 0) -> Int {
        var index = start
        while index < count, self[index] != byte { index += 1 }
        return index
    }

    /// The bytes without the spaces and tabs around them.
    var trimmed: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var start = 0
            var end = count
            while start < end, self[start].isBlank { start += 1 }
            while end > start, self[end - 1].isBlank { end -= 1 }
            return extracting(start..<end)
        }
    }
}

extension UInt8 {
    /// The lower-case form of an ASCII letter; any other byte unchanged.
    var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }

    /// Whether it is a space or a tab.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
