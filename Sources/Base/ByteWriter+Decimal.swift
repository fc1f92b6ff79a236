extension ByteWriter {
    /// Appends an integer in decimal, with zeros in front where it has fewer digits than wanted.
    ///
    /// - Parameter minimumDigits: 1 to 19; a number with more digits is written whole. A minus sign does not count.
    public mutating func appendDecimal(_ value: Int64, minimumDigits: Int = 1) {
        precondition(1...19 ~= minimumDigits, "an Int64 has 1 to 19 digits")
        if minimumDigits == 2 && 0..<100 ~= value {
            // The fields of a timestamp: half of all calls.
            let pair = unsafe reserve(2)
            unsafe Self.writePair(UInt8(truncatingIfNeeded: value), to: pair)
            commit(2)
            return
        }
        let magnitude = value.magnitude
        let digits = max(minimumDigits, Self.digitCount(magnitude))
        let sign = value < 0 ? 1 : 0
        let end = unsafe reserve(sign + digits)
        if sign == 1 {
            unsafe end.pointee = UInt8(ascii: "-")
        }
        unsafe Self.write(magnitude, to: end + sign, digits: digits)
        commit(sign + digits)
    }

    /// Writes a count over bytes reserved for it, with leading spaces: a Content-Length before its content.
    ///
    /// - Parameter reserved: a range of written bytes, at least as long as the number has digits.
    public mutating func replace(_ reserved: Range<Int>, withDecimal count: Int) {
        let magnitude = UInt64(count)
        let digits = Self.digitCount(magnitude)
        precondition(digits <= reserved.count, "the number does not fit the reserved bytes")
        let field = unsafe written(reserved)
        unsafe field.update(repeating: UInt8(ascii: " "))
        if let start = field.baseAddress {
            unsafe Self.write(magnitude, to: start + (field.count - digits), digits: digits)
        }
    }

    private static func digitCount(_ value: UInt64) -> Int {
        var rest = value
        var digits = 0
        while rest >= 10_000 {
            rest /= 10_000
            digits += 4
        }
        return digits + (rest < 100 ? (rest < 10 ? 1 : 2) : (rest < 1_000 ? 3 : 4))
    }

    /// Writes exactly `digits` digits, from the last to the first, two at a time.
    private static func write(_ value: UInt64, to start: UnsafeMutablePointer<UInt8>, digits: Int) {
        var rest = value
        var position = digits
        while position >= 2 {
            let (higher, pair) = rest.quotientAndRemainder(dividingBy: 100)
            position -= 2
            unsafe writePair(UInt8(truncatingIfNeeded: pair), to: start + position)
            rest = higher
        }
        if position == 1 {
            unsafe start.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
        }
    }

    /// Writes a number below 100.
    private static func writePair(_ value: UInt8, to start: UnsafeMutablePointer<UInt8>) {
        let (tens, units) = value.quotientAndRemainder(dividingBy: 10)
        unsafe start[0] = UInt8(ascii: "0") &+ tens
        unsafe start[1] = UInt8(ascii: "0") &+ units
    }
}
