internal import JWT

/// When to ask a source for its keys: a value that is told what happened and says what to do.
///
///     due ── timer ──> reading ── good ──> due at the set's old age
///      └── a missing key, unless the last one was a moment ago ──> reading ── failed ──> due soon
///
/// Times are nanoseconds of any clock that goes forward.
struct RefreshPolicy {
    /// How patient it is.
    struct Times: Equatable, Sendable {
        /// How old a set may get.
        var maximumAge: UInt64
        /// The wait after a first failure; it doubles with each one more.
        var firstRetry: UInt64
        /// The longest wait after a failure.
        var lastRetry: UInt64
        /// The least time between two reads that missing keys ask for.
        var coolDown: UInt64
        /// How long a key that a read did not bring is not asked for again.
        var memory: UInt64

        private static let second: UInt64 = 1_000_000_000

        /// For an issuer's server: what `jose` does, the JavaScript library that most of its other readers use.
        static let url = Times(
            maximumAge: 600 * second, firstRetry: second / 2, lastRetry: 60 * second, coolDown: 30 * second,
            memory: 120 * second)
        /// For a file: looking costs next to nothing.
        static let file = Times(
            maximumAge: second, firstRetry: second, lastRetry: second, coolDown: second / 10, memory: second / 10)
    }

    /// What is known of a missing key.
    enum Verdict: Equatable {
        /// Read now, and wait for it.
        case read
        /// A read is under way: wait for it.
        case wait
        /// Not known: the source may have it, and may be read again at this time.
        case postponed(until: UInt64)
        /// The source was read for this key and does not have it.
        case unknown
    }

    private let times: Times
    /// Whether a read is under way: there is never a second one.
    private(set) var isReading = false
    /// When to read next, unless a read is under way.
    private(set) var dueAt: UInt64
    private var failures = 0
    /// The key that the read under way was started for.
    private var asked: MissingKey?
    /// When a missing key last started a read.
    private var askedAt: UInt64?
    /// Keys that a read was started for and did not bring, oldest first; the cool-down keeps them few.
    private var unknown: [(key: MissingKey, until: UInt64)] = []

    /// Starts with a read that is due.
    init(_ times: Times, at now: UInt64) {
        self.times = times
        dueAt = now
    }

    /// Whether to read now because it is time.
    mutating func isDue(at now: UInt64) -> Bool {
        guard !isReading, now >= dueAt else { return false }
        isReading = true
        return true
    }

    /// A token needs a key that is not there.
    mutating func missing(_ key: MissingKey, at now: UInt64) -> Verdict {
        unknown.removeAll { now >= $0.until }
        if unknown.contains(where: { $0.key == key }) { return .unknown }
        if isReading { return .wait }
        if let askedAt, now - askedAt < times.coolDown {
            return .postponed(until: min(askedAt + times.coolDown, dueAt))
        }
        (isReading, asked, askedAt) = (true, key, now)
        return .read
    }

    /// A read has ended.
    ///
    /// Only the key that started it is remembered as unknown: to those that came while it was under way the answer may
    /// be older than their key.
    ///
    /// - Parameter isGood: whether the source gave a usable set, a new one or the same.
    /// - Parameter random: from 0 up to 1; workers that start together must not ask together for ever.
    mutating func ended(isGood: Bool, at now: UInt64, random: Double) {
        isReading = false
        if isGood {
            if let asked { unknown.append((asked, now + times.memory)) }
            failures = 0
            dueAt = now + UInt64(Double(times.maximumAge) * (0.8 + 0.2 * random))
        } else {
            let wait = min(times.firstRetry << UInt64(min(failures, 16)), times.lastRetry)
            failures += 1
            dueAt = now + UInt64(Double(wait) * (0.75 + 0.5 * random))
        }
        asked = nil
    }
}
