/// A point in time in UTC with PostgreSQL's precision: whole microseconds.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before.
    public var microsecondsSinceEpoch: Int64

    /// Wraps a count of microseconds since 1970-01-01T00:00:00Z.
    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }
}

extension Timestamp {
    /// The point in time in RFC 3339's calendar, proleptic Gregorian, UTC.
    public struct Components: Equatable, Sendable {
        /// Of the common era; zero and below before it.
        public var year: Int64
        /// 1 to 12.
        public var month: Int64
        /// 1 to 31.
        public var day: Int64
        /// 0 to 23.
        public var hour: Int64
        /// 0 to 59.
        public var minute: Int64
        /// 0 to 59.
        public var second: Int64
        /// 0 to 999,999.
        public var microsecond: Int64
    }

    /// A date in the same calendar; its parts are those of `Components`.
    public typealias Date = (year: Int64, month: Int64, day: Int64)

    /// The day, counted from 1970-01-01, and the microseconds since it began.
    public var dayAndTime: (day: Int64, time: Int64) {
        let (day, time) = Self.floorDivide(microsecondsSinceEpoch, by: 86_400_000_000)
        return (day, time)
    }

    /// The date of a day that is counted from 1970-01-01.
    public static func date(ofDay day: Int64) -> Date {
        // Years counted from 0000-03-01, so that the leap day is a year's last: Howard Hinnant's "days" algorithms.
        let (era, dayOfEra) = floorDivide(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// The calendar components; exact for every value of `microsecondsSinceEpoch`.
    public var components: Components {
        let (day, time) = dayAndTime
        let date = Self.date(ofDay: day)
        return Components(
            year: date.year, month: date.month, day: date.day,
            hour: time / 3_600_000_000, minute: time / 60_000_000 % 60, second: time / 1_000_000 % 60,
            microsecond: time % 1_000_000)
    }

    /// Quotient rounded towards minus infinity, and the remainder, never negative.
    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
