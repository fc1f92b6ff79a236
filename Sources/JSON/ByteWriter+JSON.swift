extension ByteWriter {
    /// Appends a text as a JSON string, quotes included (RFC 8259, section 7).
    ///
    /// Only what must be escaped is. Room for the worst case, six bytes for one, is reserved beforehand, so that the
    /// loop asks for none.
    ///
    /// - Parameter text: valid UTF-8.
    public mutating func appendJSONString(_ text: Span<UInt8>) {
        let start = unsafe reserve(text.count * 6 + 2 + 8)
        let end = unsafe text.withUnsafeBufferPointer { unsafe Self.quote($0, to: start) }
        unsafe commit(end - start)
    }

    /// Appends a text as a JSON string, quotes included.
    public mutating func appendJSONString(_ text: String) {
        appendJSONString(text.utf8.span)
    }

    /// Writes a quoted text and returns where it ends; up to eight bytes after the end are scribbled on.
    private static func quote(
        _ text: UnsafeBufferPointer<UInt8>, to start: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        unsafe start.pointee = UInt8(ascii: "\"")
        var to = unsafe start + 1
        if var from = text.baseAddress {
            let end = unsafe from + text.count
            while unsafe from < end {
                let left = unsafe end - from
                // A full word is stored before it is known how much of it is clean: the rest is overwritten.
                let hits: UInt64
                if left >= 8 {
                    let eight = unsafe EightBytes(from)
                    unsafe store(eight, to: to)
                    hits = eight.needingEscape
                    if hits == 0 {
                        unsafe from += 8
                        unsafe to += 8
                        continue
                    }
                } else {
                    let eight = unsafe lastBytes(from, count: left, of: text)
                    unsafe store(eight, to: to)
                    hits = eight.needingEscape
                    if hits == 0 {
                        unsafe to += left
                        break
                    }
                }
                let clean = EightBytes.countBefore(hits)
                unsafe from += clean
                unsafe to += clean
                unsafe to = escape(from.pointee, to: to)
                unsafe from += 1
            }
        }
        unsafe to.pointee = UInt8(ascii: "\"")
        return unsafe to + 1
    }

    /// The last one to seven bytes of a text, with spaces after them.
    private static func lastBytes(
        _ from: UnsafePointer<UInt8>, count: Int, of text: UnsafeBufferPointer<UInt8>
    ) -> EightBytes {
        var word: UInt64
        if text.count >= 8 {
            word = unsafe EightBytes(from + count - 8).word >> UInt64(64 - 8 * count)
        } else {
            word = 0
            for index in 0..<count {
                word |= unsafe UInt64(from[index]) << UInt64(8 * index)
            }
        }
        return EightBytes(word: word | 0x2020_2020_2020_2020 << UInt64(8 * count))
    }

    private static func store(_ eight: EightBytes, to start: UnsafeMutablePointer<UInt8>) {
        unsafe UnsafeMutableRawPointer(start).storeBytes(of: eight.word.littleEndian, as: UInt64.self)
    }

    /// Writes one escaped byte and returns where it ends.
    private static func escape(_ byte: UInt8, to start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        unsafe start[0] = UInt8(ascii: "\\")
        let letter: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
        case UInt8(ascii: "\n"): letter = UInt8(ascii: "n")
        case UInt8(ascii: "\r"): letter = UInt8(ascii: "r")
        case UInt8(ascii: "\t"): letter = UInt8(ascii: "t")
        case 0x08: letter = UInt8(ascii: "b")
        case 0x0c: letter = UInt8(ascii: "f")
        default:
            let low = byte & 0xf
            unsafe start[1] = UInt8(ascii: "u")
            unsafe start[2] = UInt8(ascii: "0")
            unsafe start[3] = UInt8(ascii: "0")
            unsafe start[4] = UInt8(ascii: "0") + byte >> 4
            unsafe start[5] = low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10
            return unsafe start + 6
        }
        unsafe start[1] = letter
        return unsafe start + 2
    }
}
