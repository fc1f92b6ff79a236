/// A number of a JSON text, borrowed from it; checked, and converted only as far as it is asked for.
public struct JSONNumber: ~Escapable {
    /// The number as it was sent.
    public let source: Span<UInt8>
    /// The exact value, if the number was sent without a fraction or an exponent and fits; nil otherwise.
    public let integer: Int64?

    @_lifetime(copy source)
    init(source: Span<UInt8>, integer: Int64?) {
        self.source = source
        self.integer = integer
    }

    /// The nearest value a Double has; infinite beyond the largest, zero below the smallest.
    public var double: Double {
        if let integer {
            return Double(integer)
        }
        let text = unsafe source.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        // The grammar of a JSON number is part of what Double reads.
        guard let value = Double(text) else { preconditionFailure("a checked number was not readable") }
        return value
    }
}
