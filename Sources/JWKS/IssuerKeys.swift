public import Base
public import EventLoop
public import JWT

/// An issuer's keys in a worker: refreshed in the background, and at once when a token needs a missing key.
///
/// A read that fails changes nothing: the last good set stays in use until a read succeeds.
public final class IssuerKeys: EventSource {
    /// An event for the operator's log.
    public enum Observation: Sendable {
        /// The set kept on disk is in use until the source answers; with its age in seconds.
        case restored(JWKSet, age: Int64)
        /// The keys have changed.
        case changed(JWKSet)
        /// The source can be read again after a failure.
        case recovered
        /// A read gave no usable set.
        case failed(KeySourceError)
        /// The set kept on disk cannot be used.
        case notRestored(KeySourceError)
        /// The set could not be written to disk.
        case notKept(SystemError)
    }

    /// Whether a missing key may become available.
    public enum Availability: Equatable, Sendable {
        /// A read is under way that may bring it.
        case pending
        /// The source may have it, and may be read again in this many seconds: 1 or more.
        case retryLater(seconds: Int)
        /// The source was read for it and does not have it.
        case unknown
    }

    /// The metrics of a source; counters run from the start of the process.
    public struct Statistics: Equatable, Sendable {
        /// How many reads gave a usable set, or found the source unchanged.
        public internal(set) var goodReads = 0
        /// How many reads failed.
        public internal(set) var failedReads = 0
        /// When the last good read ended, in seconds since 1970; nil before the first.
        public internal(set) var lastGoodRead: Int64?
    }

    /// The metrics of the source.
    public private(set) var statistics = Statistics()
    /// The keys in use; nil before the first were read.
    public private(set) var set: JWKSet?
    /// Called with each set that differs from the previous one.
    public var replaced: ((JWKSet) -> Void)?
    /// Called after each read that succeeded, whether the keys changed or not.
    public var refreshed: (() -> Void)?
    /// Called with each event for the operator's log.
    public var observe: ((Observation) -> Void)?

    private let loop: EventLoop
    private let reader: KeyReader
    private let kept: KeptKeySet?
    private let wakeUp: WakeUp
    private var policy: RefreshPolicy
    private var hasFailed = false

    /// Creates the keys of a source; `start` begins to read it.
    ///
    /// - Parameter directory: where the last good set of a URL is kept; nil to keep none.
    /// - Parameter userAgent: the `User-Agent` of requests.
    public init(
        _ source: KeySource, keptIn directory: String?, userAgent: String, on loop: EventLoop
    ) throws(SystemError) {
        self.loop = loop
        var kept: KeptKeySet?
        if case .url(let url) = source, let directory { kept = try KeptKeySet(of: url, in: directory) }
        self.kept = kept
        wakeUp = try WakeUp(on: loop)
        reader = try KeyReader(source, kept: kept, userAgent: userAgent, answers: wakeUp.signal)
        let times: RefreshPolicy.Times = if case .url = source { .url } else { .file }
        policy = RefreshPolicy(times, at: Clock.monotonic)
        super.init()
        wakeUp.handler = { [unowned self] in takeOutcome() }
    }

    /// Loads the set kept on disk, and starts the first read of the source.
    ///
    /// Call it after the process has blocked its signals: the reader's thread inherits the mask.
    public func start() throws(SystemError) {
        restore()
        try reader.start()
        timerFired()
    }

    /// Ends the thread; false when it hangs in name resolution, and the process should end without it.
    public func stop() -> Bool {
        loop.cancelTimer(self)
        loop.remove(wakeUp)
        return reader.stop()
    }

    /// Starts a read of the source for a missing key, unless one is under way or the cool-down has not passed.
    public func request(_ key: MissingKey) -> Availability {
        let now = Clock.monotonic
        switch policy.missing(key, at: now) {
        case .read:
            reader.requestRead()
            return .pending
        case .wait: return .pending
        case .postponed(let time):
            // Rounded up: a client that retries too early would get the same answer again.
            let seconds = (max(time, now) - now + 999_999_999) / 1_000_000_000
            return .retryLater(seconds: max(Int(seconds), 1))
        case .unknown: return .unknown
        }
    }

    /// Starts the next read if it is due, else sets the timer again.
    public override func timerFired() {
        if policy.isDue(at: Clock.monotonic) {
            reader.requestRead()
        } else if !policy.isReading {
            loop.setTimer(self, at: policy.dueAt)
        }
    }

    private func restore() {
        guard let kept else { return }
        do throws(KeySourceError) {
            guard let (set, savedAt) = try kept.read() else { return }
            self.set = set
            replaced?(set)
            observe?(.restored(set, age: Int64(Clock.realTime / 1_000_000_000) - savedAt))
        } catch {
            observe?(.notRestored(error))
        }
    }

    private func takeOutcome() {
        let (outcome, saveFailure) = reader.takeOutcome()
        if let saveFailure { observe?(.notKept(saveFailure)) }
        guard let outcome else { return }
        let random = Double.random(in: 0..<1)
        switch outcome {
        case .failed(let error):
            policy.ended(isGood: false, at: Clock.monotonic, random: random)
            hasFailed = true
            statistics.failedReads += 1
            observe?(.failed(error))
        case .read(let fresh):
            policy.ended(isGood: true, at: Clock.monotonic, random: random)
            statistics.goodReads += 1
            statistics.lastGoodRead = Int64(Clock.realTime / 1_000_000_000)
            if let fresh {
                if hasFailed { observe?(.recovered) }
                hasFailed = false
                if fresh != set {
                    set = fresh
                    replaced?(fresh)
                    observe?(.changed(fresh))
                }
            }
            refreshed?()
        }
        loop.setTimer(self, at: policy.dueAt)
    }
}
