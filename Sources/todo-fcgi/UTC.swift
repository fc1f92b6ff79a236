import Tasks

/// Moments as logs and people read them.
enum UTC {
    /// RFC 3339 in UTC with milliseconds, or without when there are none to tell.
    static func text(microseconds: Int64, withMilliseconds: Bool = false) -> String {
        let time = Timestamp(microsecondsSinceEpoch: microseconds).components
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var text = "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))T"
        text += "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        if withMilliseconds { text += ".\(padded(time.microsecond / 1_000, 3))" }
        return text + "Z"
    }
}
