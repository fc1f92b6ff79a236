/// Lets a burst of lines of one kind through, then one a second, and counts the rest: a database that is away for hours
/// does not fill a disk.
struct LogLimit {
    private let burst: Int
    private var second: UInt64 = 0
    private var left: Int
    private var suppressed = 0

    init(burst: Int) {
        self.burst = burst
        left = burst
    }

    /// Whether a line may be written now; with it, how many were left out since the last one that was.
    ///
    /// - Parameter now: nanoseconds of a clock that goes forward.
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
