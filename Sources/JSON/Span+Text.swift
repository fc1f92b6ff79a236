extension Span<UInt8> {
    /// Where the first sequence starts that is not UTF-8, or nil if all of it is.
    var offsetOfInvalidUTF8: Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: self)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The number that four hexadecimal digits make, or nil if one of them is none.
    func hexadecimalUnit(at start: Int) -> UInt32? {
        var unit: UInt32 = 0
        for offset in start..<start + 4 {
            let digit: UInt8
            switch self[offset] {
            case let byte where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte: digit = byte - UInt8(ascii: "0")
            case let byte where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20:
                digit = (byte | 0x20) - UInt8(ascii: "a") + 10
            default: return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// Whether these are the bytes of a literal.
    func isEqual(to literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { expected in
            for index in indices where unsafe self[index] != expected[index] {
                return false
            }
            return true
        }
    }
}
