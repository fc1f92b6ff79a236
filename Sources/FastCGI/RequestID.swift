/// Identifies a running request: its connection's slot, and its number on that slot.
///
/// A number, so that it stays safe to use at any time: for a request that was answered, or whose connection is gone,
/// it finds no connection.
public struct RequestID: Hashable, Sendable {
    /// The connection's slot in the low half, the number of the request on that slot in the high half.
    public let rawValue: UInt64

    /// Restores an id from its number.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(slot: Int, sequence: UInt32) {
        rawValue = UInt64(sequence) << 32 | UInt64(slot)
    }

    /// The connection's slot: a small number, reused after the connection is closed, so it can be an index.
    public var slot: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
    var sequence: UInt32 { UInt32(rawValue >> 32) }
}
