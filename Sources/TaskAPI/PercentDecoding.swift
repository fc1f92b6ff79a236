internal import Base

/// Decodes percent-encoding (RFC 3986, section 2.1) byte by byte, without a copy.
struct PercentDecoder: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0
    private let plusIsSpace: Bool

    /// Creates a decoder for a part of a target.
    ///
    /// - Parameter plusIsSpace: whether `+` is a space, as in `application/x-www-form-urlencoded`.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, plusIsSpace: Bool = false) {
        self.bytes = bytes
        self.plusIsSpace = plusIsSpace
    }

    /// The next byte, decoded; nil at the end.
    ///
    /// A `%` without two hexadecimal digits after it is left as it is.
    @_lifetime(self: copy self)
    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "%"), let escaped = bytes.escapedByte(after: position) {
            position += 2
            return escaped
        }
        return byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte
    }
}

extension Span where Element == UInt8 {
    /// The byte encoded by the two hexadecimal digits at an index; nil where there are none.
    func escapedByte(after index: Int) -> UInt8? {
        guard count - index >= 2, let high = self[index].hexadecimalValue, let low = self[index + 1].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }

    /// Whether the bytes, percent-decoded, are those of another span.
    func decodedEquals(_ other: Span<UInt8>) -> Bool {
        var decoder = PercentDecoder(self)
        var index = 0
        while let byte = decoder.next() {
            guard index < other.count, other[index] == byte else { return false }
            index += 1
        }
        return index == other.count
    }

    /// A percent-decoded copy of the bytes.
    func decoded(plusIsSpace: Bool = false) -> [UInt8] {
        var decoder = PercentDecoder(self, plusIsSpace: plusIsSpace)
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while let byte = decoder.next() { result.append(byte) }
        return result
    }
}
