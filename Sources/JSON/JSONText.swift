internal import Base

/// A validated string of a JSON text, borrowed from it, with its escapes; allocates no memory.
public struct JSONText: ~Escapable {
    /// The text between the quotes.
    let raw: Span<UInt8>
    let isASCII: Bool
    let hasEscapes: Bool

    @_lifetime(copy raw)
    init(raw: Span<UInt8>, isASCII: Bool, hasEscapes: Bool) {
        self.raw = raw
        self.isASCII = isASCII
        self.hasEscapes = hasEscapes
    }
}

extension JSONText {
    /// How many Unicode code points the string has.
    public var codePointCount: Int {
        if isASCII && !hasEscapes {
            return raw.count
        }
        var count = 0
        var position = 0
        while let piece = piece(at: &position) {
            switch piece {
            case .run(let run): for index in run where raw[index] & 0xc0 != 0x80 { count += 1 }
            case .escaped: count += 1
            }
        }
        return count
    }

    /// Whether U+0000 occurs, which PostgreSQL's `text` cannot hold; in JSON it is always an escape.
    public var containsNUL: Bool {
        guard hasEscapes else { return false }
        var position = 0
        while let piece = piece(at: &position) {
            if case .escaped("\0") = piece {
                return true
            }
        }
        return false
    }

    /// Whether the string equals a literal, escaped or not.
    public static func == (text: borrowing JSONText, literal: StaticString) -> Bool {
        guard text.hasEscapes else { return text.raw.equals(literal) }
        // Escaped names are rare, so this is not optimized. Bytes are compared: to String the Kelvin sign equals K.
        return String(text).utf8.span.equals(literal)
    }

    /// Matches a string against literals in a `switch`.
    public static func ~= (literal: StaticString, text: borrowing JSONText) -> Bool {
        text == literal
    }
}

extension JSONText {
    /// A part of a string.
    private enum Piece {
        /// Unescaped bytes, by their offsets in `raw`.
        case run(Range<Int>)
        case escaped(Unicode.Scalar)
    }

    /// The piece at a position, which is advanced to the next piece; nil at the end.
    private func piece(at position: inout Int) -> Piece? {
        guard position < raw.count else { return nil }
        let start = position
        guard raw[start] == UInt8(ascii: "\\") else {
            repeat { position += 1 } while position < raw.count && raw[position] != UInt8(ascii: "\\")
            return .run(start..<position)
        }
        position += 2
        switch raw[start + 1] {
        case UInt8(ascii: "b"): return .escaped("\u{8}")
        case UInt8(ascii: "f"): return .escaped("\u{c}")
        case UInt8(ascii: "n"): return .escaped("\n")
        case UInt8(ascii: "r"): return .escaped("\r")
        case UInt8(ascii: "t"): return .escaped("\t")
        case UInt8(ascii: "u"):
            position += 4
            var value = raw.hexadecimalUnit(at: start + 2)
            if let high = value, 0xd800...0xdbff ~= high, let low = raw.hexadecimalUnit(at: start + 8) {
                position += 6
                value = 0x1_0000 + (high - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = value.flatMap(Unicode.Scalar.init) else {
                preconditionFailure("a checked escape was not readable")
            }
            return .escaped(scalar)
        case let character: return .escaped(Unicode.Scalar(character))
        }
    }

    /// Writes the string as UTF-8 to memory of at least `raw.count` bytes, and returns the length.
    fileprivate func copy(to start: UnsafeMutablePointer<UInt8>) -> Int {
        var end = unsafe start
        var position = 0
        while let piece = piece(at: &position) {
            switch piece {
            case .run(let run):
                unsafe raw.extracting(run).withUnsafeBufferPointer { bytes in
                    guard let first = bytes.baseAddress else { return }
                    unsafe end.update(from: first, count: bytes.count)
                }
                unsafe end += run.count
            case .escaped(let scalar):
                for byte in scalar.utf8 {
                    unsafe end.pointee = byte
                    unsafe end += 1
                }
            }
        }
        return unsafe end - start
    }
}

extension String {
    /// Copies a string out of a JSON text.
    public init(_ text: borrowing JSONText) {
        guard text.hasEscapes else {
            // The reader has validated these bytes.
            self = unsafe String(copying: UTF8Span(unchecked: text.raw, isKnownASCII: text.isASCII))
            return
        }
        self = unsafe String(unsafeUninitializedCapacity: text.raw.count) { storage in
            guard let start = storage.baseAddress else { return 0 }
            return unsafe text.copy(to: start)
        }
    }
}
