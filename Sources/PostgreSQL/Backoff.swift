/// The delay before the next attempt to connect: exponential, with jitter, so that workers do not retry in step.
struct Backoff {
    private var failures = 0

    /// The wait before the next attempt, in nanoseconds: none before the first.
    ///
    /// - Parameters:
    ///   - isSlow: the servers refused the login, which a quick retry does not change.
    ///   - random: from 0 up to 1, for the jitter of a quarter either way.
    mutating func next(isSlow: Bool, random: Double) -> UInt64 {
        let milliseconds = isSlow ? 10_000.0 : failures == 0 ? 0 : Double(min(25 << min(failures, 10), 1_600))
        failures += 1
        return UInt64(milliseconds * (0.75 + random / 2) * 1_000_000)
    }

    /// A connection was made and has answered a statement.
    mutating func succeeded() {
        failures = 0
    }
}
