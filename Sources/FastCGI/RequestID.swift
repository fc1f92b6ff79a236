/// A request's name while it runs: which connection, and which of its requests.
///
/// A number, so that it can be handed out and come back at any time: an answer to a request whose connection
/// is gone, or that was answered already, finds nothing.
public struct RequestID: Hashable, Sendable {
    /// The connection's slot in the low half, the number of the request on that slot in the high half.
    public let rawValue: UInt64

    /// Takes back a number that was handed out.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(slot: Int, sequence: UInt32) {
        rawValue = UInt64(sequence) << 32 | UInt64(slot)
    }

    /// The connection's place; small, and used again after the connection is gone, so it can be an index.
    public var slot: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
    var sequence: UInt32 { UInt32(rawValue >> 32) }
}
