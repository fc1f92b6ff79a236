/// Lets a burst of lines of one kind through each second and counts the rest.
struct LogLimit {
    private let burst: Int
    private var second: UInt64 = 0
    private var written = 0
    private var suppressed = 0

    init(burst: Int) {
        self.burst = burst
    }

    /// Whether a line may be written now; with it, how many were left out since the last one that was.
    ///
    /// - Parameter now: nanoseconds of a clock that goes forward.
    mutating func admit(at now: UInt64) -> (isAdmitted: Bool, suppressed: Int) {
        if now / 1_000_000_000 != second {
            second = now / 1_000_000_000
            written = 0
        }
        guard written < burst else {
            suppressed += 1
            return (false, 0)
        }
        written += 1
        defer { suppressed = 0 }
        return (true, suppressed)
    }
}
