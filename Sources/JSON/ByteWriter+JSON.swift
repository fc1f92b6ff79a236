public import Base

extension ByteWriter {
    /// Appends a text as a JSON string, quotes included (RFC 8259, section 7).
    ///
    /// Escapes only what must be escaped. Reserves six bytes for each byte beforehand, the worst case, so that the loop
    /// needs no check.
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

    /// Writes a quoted text and returns its end; up to eight bytes after the end are overwritten.
    private static func quote(
        _ text: UnsafeBufferPointer<UInt8>, to start: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        unsafe start.pointee = UInt8(ascii: "\"")
        var to = unsafe start + 1
        var done = 0
        while done < text.count {
            let left = min(text.count - done, 8)
            let eight = unsafe left == 8 ? load(text, at: done) : loadLast(left, of: text)
            // All eight are stored before the first escape is known: the next write overwrites the rest.
            unsafe UnsafeMutableRawPointer(to).storeBytes(of: eight.word.littleEndian, as: UInt64.self)
            let needingEscape = eight.needingEscape
            guard needingEscape != 0 else {
                unsafe to += left
                done += left
                continue
            }
            let clean = EightBytes.countBefore(needingEscape)
            unsafe to = escape(text[done + clean], to: to + clean)
            done += clean + 1
        }
        unsafe to.pointee = UInt8(ascii: "\"")
        return unsafe to + 1
    }

    private static func load(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> EightBytes {
        unsafe EightBytes(loaded: UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The last one to seven bytes of a text, with spaces after them.
    private static func loadLast(_ count: Int, of text: UnsafeBufferPointer<UInt8>) -> EightBytes {
        var word: UInt64 = 0
        if text.count >= 8 {
            word = unsafe load(text, at: text.count - 8).word &>> UInt64(64 - 8 * count)
        } else {
            for index in (text.count - count..<text.count).reversed() {
                word = unsafe word &<< 8 | UInt64(text[index])
            }
        }
        return EightBytes(loaded: (word | 0x2020_2020_2020_2020 &<< UInt64(8 * count)).littleEndian)
    }

    /// Writes one escaped byte and returns its end.
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
            unsafe start[1] = UInt8(ascii: "u")
            unsafe start[2] = UInt8(ascii: "0")
            unsafe start[3] = UInt8(ascii: "0")
            unsafe start[4] = (byte >> 4).hexadecimalDigit
            unsafe start[5] = (byte & 0xf).hexadecimalDigit
            return unsafe start + 6
        }
        unsafe start[1] = letter
        return unsafe start + 2
    }
}
