/// Eight bytes of text in one register, the first in the lowest bits, all of them looked at at once.
struct EightBytes {
    private(set) var word: UInt64

    /// Takes bytes in the order of the text, whatever the machine's is.
    init(loaded word: UInt64) {
        self.word = UInt64(littleEndian: word)
    }

    /// Adds each bit of eight others, so that one look shows whether any of all was beyond ASCII.
    mutating func formUnion(_ others: EightBytes) {
        word |= others.word
    }

    /// Whether no byte is beyond ASCII.
    var isASCII: Bool {
        word & Self.topBits == 0
    }

    /// Control characters, `"` and `\`, what a JSON string cannot hold as it is: zero if there are none; else the lowest
    /// bit that is set lies in the first of them, and the bits above mean nothing.
    var needingEscape: UInt64 {
        // A byte's top bit is set by a subtraction that goes below zero. It then borrows from the bytes above only, and
        // bytes beyond ASCII, whose top bit is set anyway, are masked out.
        let controls = word &- 0x2020_2020_2020_2020
        let quotes = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslashes = (word ^ 0x5c5c_5c5c_5c5c_5c5c) &- 0x0101_0101_0101_0101
        return (controls | quotes | backslashes) & ~word & Self.topBits
    }

    /// How many bytes come before the first that needs an escape.
    static func countBefore(_ needingEscape: UInt64) -> Int {
        needingEscape.trailingZeroBitCount >> 3
    }

    private static var topBits: UInt64 { 0x8080_8080_8080_8080 }
}
