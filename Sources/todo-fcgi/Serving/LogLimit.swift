/// Limits lines of one kind to a burst, then one per second, and counts the suppressed ones, so that a long outage of
/// the database does not fill the disk.
struct LogLimit {
    private let burst: Int
    private var second: UInt64 = 0
    private var left: Int
    private var suppressed = 0

    init(burst: Int) {
        self.burst = burst
        left = burst
    }

    /// Whether a line may be written now; if so, how many were suppressed since the last one.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    mutating func admit(at now: UInt64) -> (isAdmitted: Bool, suppressed: Int) {
        let current = now / 1_000_000_000
        if current > second {
            left = min(burst, left + Int(clamping: current - second))
            second = current
        }
        guard left > 0 else {
            suppressed += 1
            return (false, 0)
        }
        left -= 1
        defer { suppressed = 0 }
        return (true, suppressed)
    }
}
