internal import Glibc

/// Points in time as text.
public enum UTC {
    /// RFC 3339 in UTC, without fractions of a second, or with milliseconds.
    public static func text(microseconds: Int64, withMilliseconds: Bool = false) -> String {
        let (second, fraction) = split(microseconds)
        let time = parts(second)
        let milliseconds = withMilliseconds ? "." + padded(fraction / 1_000, 3) : ""
        return "\(time.year)-\(time.month)-\(time.day)T\(time.hour):\(time.minute):\(time.second)\(milliseconds)Z"
    }

    /// ISO 8601's basic form, which sorts and suits file names: `20260131T235959Z`.
    public static func stamp(microseconds: Int64) -> String {
        let time = parts(split(microseconds).second)
        return "\(time.year)\(time.month)\(time.day)T\(time.hour)\(time.minute)\(time.second)Z"
    }

    /// The whole seconds, rounded down, and the microseconds after them.
    private static func split(_ microseconds: Int64) -> (second: Int, fraction: Int32) {
        let fraction = microseconds % 1_000_000
        let isBefore = fraction < 0
        return (
            Int(microseconds / 1_000_000) - (isBefore ? 1 : 0), Int32(isBefore ? fraction + 1_000_000 : fraction)
        )
    }

    private typealias Parts = (
        year: String, month: String, day: String, hour: String, minute: String, second: String
    )

    /// The corresponding C function is `gmtime_r`.
    private static func parts(_ second: Int) -> Parts {
        var (second, time) = unsafe (second, tm())
        // Fails only for a year beyond 32 bits, which no count of microseconds reaches.
        unsafe gmtime_r(&second, &time)
        return unsafe (
            padded(time.tm_year + 1_900, 4), padded(time.tm_mon + 1, 2), padded(time.tm_mday, 2),
            padded(time.tm_hour, 2), padded(time.tm_min, 2), padded(time.tm_sec, 2)
        )
    }

    private static func padded(_ value: Int32, _ digits: Int) -> String {
        (value < 0 ? "-" : "") + String(value.magnitude, minimumDigits: digits)
    }
}

/// Durations as text.
public enum DurationText {
    /// In the largest unit of which there are at least two: `119 s`, `3 h`, `2 days`.
    public static func of(seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(seconds, 0)) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}
