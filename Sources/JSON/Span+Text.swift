internal import Base

extension Span<UInt8> {
    /// The offset of the first byte that a JSON string must escape, or the end; adds all bytes before it to `seen`.
    func endOfPlainText(from start: Int, seen: inout EightBytes) -> Int {
        var end = start
        while count &- end >= 8 {
            // In bounds by the condition above; any eight bytes are a valid UInt64.
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: end, as: UInt64.self)
            let eight = EightBytes(loaded: word)
            seen.formUnion(eight)
            let needingEscape = eight.needingEscape
            if needingEscape != 0 {
                return end &+ EightBytes.countBefore(needingEscape)
            }
            end &+= 8
        }
        while end < count, self[end] >= 0x20, self[end] != UInt8(ascii: "\""), self[end] != UInt8(ascii: "\\") {
            seen.formUnion(EightBytes(loaded: UInt64(self[end])))
            end &+= 1
        }
        return end
    }

    /// The offset of the first invalid UTF-8 sequence; nil if all bytes are valid.
    var offsetOfInvalidUTF8: Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: self)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The value of four hexadecimal digits; nil if one of them is not a digit.
    func hexadecimalUnit(at start: Int) -> UInt32? {
        var unit: UInt32 = 0
        for offset in start..<start + 4 {
            guard let digit = self[offset].hexadecimalValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
