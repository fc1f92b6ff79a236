internal import JWT

/// Decides when to read a source; performs no I/O and reads no clock.
///
///     due ── timer ──> reading ── good ──> due at the set's maximum age
///      └── a missing key, outside the cool-down ──> reading ── failed ──> due after the back-off
///
/// Times are nanoseconds of any monotonic clock.
struct RefreshPolicy {
    /// Intervals, in nanoseconds.
    struct Times: Equatable, Sendable {
        /// The maximum age of a set.
        var maximumAge: UInt64
        /// The back-off after a first failure; it doubles with each further one.
        var firstRetry: UInt64
        /// The longest back-off.
        var lastRetry: UInt64
        /// The minimum time between two reads for missing keys.
        var coolDown: UInt64
        /// How long a key that a read did not bring is remembered as unknown.
        var memory: UInt64

        private static let second: UInt64 = 1_000_000_000

        /// For an issuer's server: the intervals of `jose`, the JavaScript library that most other clients use.
        static let url = Times(
            maximumAge: 600 * second, firstRetry: second / 2, lastRetry: 60 * second, coolDown: 30 * second,
            memory: 120 * second)
        /// For a file, which is cheap to check.
        static let file = Times(
            maximumAge: second, firstRetry: second, lastRetry: second, coolDown: second / 10, memory: second / 10)
    }

    /// What to do about a missing key.
    enum Verdict: Equatable {
        /// Start a read, and wait for it.
        case read
        /// A read is under way: wait for it.
        case wait
        /// The source may have the key, and may be read again at this time.
        case postponed(until: UInt64)
        /// The source was read for this key and does not have it.
        case unknown
    }

    private let times: Times
    /// Whether a read is under way; there is at most one.
    private(set) var isReading = false
    /// When to read next, unless a read is under way.
    private(set) var dueAt: UInt64
    private var failures = 0
    /// The key that the read under way was started for.
    private var requested: MissingKey?
    /// When a missing key last started a read.
    private var requestedAt: UInt64?
    /// Keys that a read was started for and did not bring, oldest first; the cool-down bounds their number.
    private var unknown: [(key: MissingKey, until: UInt64)] = []

    /// Creates a policy whose first read is due.
    init(_ times: Times, at now: UInt64) {
        self.times = times
        dueAt = now
    }

    /// Whether a read is due; if so, it counts as started.
    mutating func isDue(at now: UInt64) -> Bool {
        guard !isReading, now >= dueAt else { return false }
        isReading = true
        return true
    }

    /// Decides about a key that a token needs and the set lacks.
    mutating func missing(_ key: MissingKey, at now: UInt64) -> Verdict {
        unknown.removeAll { now >= $0.until }
        if unknown.contains(where: { $0.key == key }) { return .unknown }
        if isReading { return .wait }
        if let requestedAt, now - requestedAt < times.coolDown {
            return .postponed(until: min(requestedAt + times.coolDown, dueAt))
        }
        (isReading, requested, requestedAt) = (true, key, now)
        return .read
    }

    /// Records the end of a read.
    ///
    /// Only the key that started the read is remembered as unknown: a key requested later may be newer than the answer.
    ///
    /// - Parameter isGood: whether the source gave a usable set, changed or not.
    /// - Parameter random: jitter, at least 0 and below 1, so that workers that start together do not stay in step.
    mutating func ended(isGood: Bool, at now: UInt64, random: Double) {
        isReading = false
        if isGood {
            if let requested { unknown.append((requested, now + times.memory)) }
            failures = 0
            dueAt = now + UInt64(Double(times.maximumAge) * (0.8 + 0.2 * random))
        } else {
            let wait = min(times.firstRetry << UInt64(min(failures, 16)), times.lastRetry)
            failures += 1
            dueAt = now + UInt64(Double(wait) * (0.75 + 0.5 * random))
        }
        requested = nil
    }
}
