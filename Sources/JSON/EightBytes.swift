/// Eight bytes of text in one register, the first in the lowest bits; a test looks at all of them at once.
///
/// A test gives a number whose lowest set bit lies in the first byte that passes it; bits above that one mean nothing,
/// because the subtraction borrows from the next byte where it hits.
struct EightBytes {
    let word: UInt64

    /// Reads eight bytes from any address.
    init(_ bytes: UnsafeRawPointer) {
        unsafe word = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    /// Wraps bytes that were put together before.
    init(word: UInt64) {
        self.word = word
    }

    /// Control characters, `"` and `\`: what a string cannot hold as it is.
    var needingEscape: UInt64 {
        candidates & ~word & 0x8080_8080_8080_8080
    }

    /// What ends a run of plain ASCII within a string: the same, and every byte of a longer UTF-8 sequence.
    var endingPlainText: UInt64 {
        (candidates | word) & 0x8080_8080_8080_8080
    }

    /// How many bytes come before the first that passed a test.
    static func countBefore(_ hits: UInt64) -> Int {
        hits.trailingZeroBitCount >> 3
    }

    /// A byte's top bit is set where the byte is below U+0020, `"` or `\`, or is itself beyond ASCII.
    private var candidates: UInt64 {
        let controls = word &- 0x2020_2020_2020_2020
        let quotes = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslashes = (word ^ 0x5c5c_5c5c_5c5c_5c5c) &- 0x0101_0101_0101_0101
        return controls | quotes | backslashes
    }
}
