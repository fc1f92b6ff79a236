/// A hash that is the same in every process and version: FNV-1a, 64 bits.
///
/// Not collision-resistant: only for texts that the program itself chooses.
public struct FNV1a {
    /// The hash of all bytes so far.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Starts with the hash of no bytes.
    public init() {}

    /// Adds one byte.
    public mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    /// Adds a text's UTF-8.
    public mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
    }
}
