extension Span<UInt8> {
    /// Where a run of plain ASCII ends: at a quote, a backslash, a control character, a longer sequence or the end.
    func endOfPlainText(from start: Int) -> Int {
        var end = start
        while end + 8 <= count {
            // Its bounds are checked; any eight bytes make a UInt64.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: end, as: UInt64.self)
            let hits = EightBytes(word: UInt64(littleEndian: word)).endingPlainText
            if hits != 0 {
                return end + EightBytes.countBefore(hits)
            }
            end += 8
        }
        while end < count {
            switch self[end] {
            case ..<0x20, 0x80..., UInt8(ascii: "\""), UInt8(ascii: "\\"): return end
            default: end += 1
            }
        }
        return end
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
        return unsafe withUnsafeBufferPointer { bytes in
            literal.withUTF8Buffer { unsafe bytes.elementsEqual($0) }
        }
    }
}
