internal import Base
internal import Tasks

/// The JSON string of the last timestamp; its date is kept, since the next timestamp mostly has the same.
struct TimestampText {
    private var bytes: InlineArray<29, UInt8> = [
        0x22, 0, 0, 0, 0, 0x2D, 0, 0, 0x2D, 0, 0, 0x54, 0, 0, 0x3A, 0, 0, 0x3A, 0, 0, 0x2E, 0, 0, 0, 0, 0, 0, 0x5A,
        0x22,
    ]
    /// The day whose date is written, counted from 1970-01-01; nil at first.
    private var day: Int64?

    /// The text, borrowed until the next change.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span }
    }

    /// Changes the text to another timestamp; false where its year has more than four digits.
    mutating func set(_ timestamp: Timestamp) -> Bool {
        let (day, time) = timestamp.dayAndTime
        if day != self.day {
            let date = Timestamp.date(ofDay: day)
            guard 0...9_999 ~= date.year else { return false }
            self.day = day
            bytes.write(date.year / 100, at: 1)
            bytes.write(date.year % 100, at: 3)
            bytes.write(date.month, at: 6)
            bytes.write(date.day, at: 9)
        }
        // 32-bit divisions are cheaper than 64-bit ones.
        let second = UInt32(truncatingIfNeeded: time / 1_000_000)
        let fraction = UInt32(truncatingIfNeeded: time % 1_000_000)
        bytes.write(Int64(second / 3_600), at: 12)
        bytes.write(Int64(second / 60 % 60), at: 15)
        bytes.write(Int64(second % 60), at: 18)
        bytes.write(Int64(fraction / 10_000), at: 21)
        bytes.write(Int64(fraction / 100 % 100), at: 23)
        bytes.write(Int64(fraction % 100), at: 25)
        return true
    }
}

extension ByteWriter {
    /// Appends a timestamp as a JSON string: RFC 3339 in UTC, always with six fractional digits and `Z`.
    ///
    /// - Parameter text: the last timestamp's text, of which the date is used again.
    mutating func append(_ timestamp: Timestamp, _ text: inout TimestampText) {
        guard text.set(timestamp) else { return append(beyondFourDigits: timestamp.components) }
        append(text.span)
    }

    /// Appends a timestamp whose year RFC 3339 cannot express, in ECMAScript's format for expanded years.
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
