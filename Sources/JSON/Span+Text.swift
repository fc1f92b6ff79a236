internal import Base

extension Span<UInt8> {
    /// Where the first byte stands that a JSON string cannot hold as it is, or the end; adds to `seen` all before it.
    func endOfPlainText(from start: Int, seen: inout EightBytes) -> Int {
        var end = start
        while count &- end >= 8 {
            // In bounds by the line above; any eight bytes make a UInt64.
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
            guard let digit = self[offset].hexadecimalValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
