/// A validated number of a JSON text, borrowed from it and converted on demand.
public struct JSONNumber: ~Escapable {
    /// The number as it was sent.
    public let source: Span<UInt8>
    /// The exact value, if the number has no fraction or exponent and fits; nil otherwise.
    public let integer: Int64?

    @_lifetime(copy source)
    init(source: Span<UInt8>, integer: Int64?) {
        self.source = source
        self.integer = integer
    }

    /// The nearest Double; infinite beyond the largest, zero below the smallest.
    public var double: Double {
        if let integer {
            return Double(integer)
        }
        let text = unsafe source.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        // Double parses every JSON number.
        guard let value = Double(text) else { preconditionFailure("a checked number was not readable") }
        return value
    }
}
