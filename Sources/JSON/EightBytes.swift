/// Eight bytes of text in one word, the first in the lowest bits, which are tested together.
struct EightBytes {
    private(set) var word: UInt64

    /// Takes bytes as loaded from memory, on a machine of any byte order.
    init(loaded word: UInt64) {
        self.word = UInt64(littleEndian: word)
    }

    /// ORs the bits of eight others, so that one test shows whether any of them was beyond ASCII.
    mutating func formUnion(_ others: EightBytes) {
        word |= others.word
    }

    /// Whether no byte is beyond ASCII.
    var isASCII: Bool {
        word & Self.topBits == 0
    }

    /// Finds control characters, `"` and `\`, which a JSON string must escape: zero if there are none; else the lowest
    /// set bit is in the first of them, and the bits above are undefined.
    var needingEscape: UInt64 {
        // A byte's top bit is set by a subtraction that goes below zero. It then borrows from the bytes above only, and
        // bytes beyond ASCII, whose top bit is set anyway, are masked out.
        let controls = word &- 0x2020_2020_2020_2020
        let quotes = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslashes = (word ^ 0x5c5c_5c5c_5c5c_5c5c) &- 0x0101_0101_0101_0101
        return (controls | quotes | backslashes) & ~word & Self.topBits
    }

    /// The number of bytes before the first that needs an escape.
    static func countBefore(_ needingEscape: UInt64) -> Int {
        needingEscape.trailingZeroBitCount >> 3
    }

    private static var topBits: UInt64 { 0x8080_8080_8080_8080 }
}
