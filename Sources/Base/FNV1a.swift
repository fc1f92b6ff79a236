/// A hash that is the same in every process and version: FNV-1a, 64 bits.
///
/// Whoever chooses the bytes can make two hashes equal; it is for texts of our own.
public struct FNV1a {
    /// The hash of all that was mixed in.
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Starts with the hash of nothing.
    public init() {}

    /// Mixes in one byte.
    public mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    /// Mixes in a text's UTF-8.
    public mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
    }
}
