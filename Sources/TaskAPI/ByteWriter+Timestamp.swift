internal import JSON
internal import Tasks

extension ByteWriter {
    /// Appends a moment as a JSON string: RFC 3339 in UTC, always with six digits after the second, and `Z`.
    mutating func append(_ timestamp: Timestamp) {
        let parts = timestamp.components
        guard 0...9_999 ~= parts.year else { return append(beyondFourDigits: parts) }
        var text: InlineArray<29, UInt8> = [
            0x22, 0, 0, 0, 0, 0x2D, 0, 0, 0x2D, 0, 0, 0x54, 0, 0, 0x3A, 0, 0, 0x3A, 0, 0, 0x2E, 0, 0, 0, 0, 0, 0, 0x5A,
            0x22,
        ]
        text.write(parts.year / 100, at: 1)
        text.write(parts.year % 100, at: 3)
        text.write(parts.month, at: 6)
        text.write(parts.day, at: 9)
        text.write(parts.hour, at: 12)
        text.write(parts.minute, at: 15)
        text.write(parts.second, at: 18)
        text.write(parts.microsecond / 10_000, at: 21)
        text.write(parts.microsecond / 100 % 100, at: 23)
        text.write(parts.microsecond % 100, at: 25)
        append(text.span)
    }

    /// PostgreSQL keeps years that RFC 3339 cannot write; they come out as ECMAScript would expect a long year.
    @inline(never)
    private mutating func append(beyondFourDigits parts: Timestamp.Components) {
        append(parts.year < 0 ? "\"-" : "\"+")
        appendDecimal(abs(parts.year), minimumDigits: 6)
        append("-")
        appendDecimal(parts.month, minimumDigits: 2)
        append("-")
        appendDecimal(parts.day, minimumDigits: 2)
        append("T")
        appendDecimal(parts.hour, minimumDigits: 2)
        append(":")
        appendDecimal(parts.minute, minimumDigits: 2)
        append(":")
        appendDecimal(parts.second, minimumDigits: 2)
        append(".")
        appendDecimal(parts.microsecond, minimumDigits: 6)
        append("Z\"")
    }
}

extension InlineArray where Element == UInt8 {
    /// Writes a number from 0 to 99 as two digits.
    fileprivate mutating func write(_ pair: Int64, at index: Int) {
        let (tens, units) = UInt8(truncatingIfNeeded: pair).quotientAndRemainder(dividingBy: 10)
        self[index] = 0x30 &+ tens
        self[index + 1] = 0x30 &+ units
    }
}
