public import Base
public import EventLoop
public import JWT

/// An issuer's keys as a worker's loop knows them: followed in the background, asked for when a token needs one.
///
/// A read that fails changes nothing: the last good set stays, for as long as it takes.
public final class IssuerKeys: EventSource {
    /// What an operator may want to know.
    public enum Observation: Sendable {
        /// The set that was kept on disk serves until the source answers; with its age in seconds.
        case restored(JWKSet, age: Int64)
        /// Other keys than before are there.
        case changed(JWKSet)
        /// The source answers again after a failure.
        case recovered
        /// The source gave nothing usable.
        case failed(KeySourceError)
        /// The kept set cannot be used.
        case notRestored(KeySourceError)
        /// The set could not be kept.
        case notKept(SystemError)
    }

    /// What is known of a key that is missing.
    public enum Prospect: Equatable, Sendable {
        /// A read is under way that may bring it.
        case mayCome
        /// The source may have it, and may be read again in so many seconds: 1 or more.
        case mayComeLater(seconds: Int)
        /// The source was read for it and does not have it.
        case isUnknown
    }

    /// What the metrics say of a source; the counts run from the start of the process.
    public struct Statistics: Equatable, Sendable {
        /// How many reads gave a usable set, or said that nothing had changed.
        public internal(set) var goodReads = 0
        /// How many gave none.
        public internal(set) var failedReads = 0
        /// When the last good one ended, in seconds since 1970; nil before the first.
        public internal(set) var lastGoodRead: Int64?
    }

    /// How the source has been read.
    public private(set) var statistics = Statistics()
    /// The keys that count; nil before the first were seen.
    public private(set) var set: JWKSet?
    /// Called with each set that differs from the one before.
    public var replaced: ((JWKSet) -> Void)?
    /// Called after each read that succeeded, whether it brought other keys or not.
    public var refreshed: (() -> Void)?
    /// Called with what an operator may want to know.
    public var observe: ((Observation) -> Void)?

    private let loop: EventLoop
    private let reader: KeyReader
    private let kept: KeptKeySet?
    private let wakeUp: WakeUp
    private var policy: RefreshPolicy
    private var hasFailed = false

    /// Prepares to follow a source.
    ///
    /// - Parameter directory: where the last good set of a URL is kept; nil for nowhere.
    /// - Parameter userAgent: what a server is told of us.
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
        wakeUp.handler = { [unowned self] in takeNews() }
    }

    /// Takes up what was kept on disk, and has the source read for the first time.
    ///
    /// To be called after the signals are blocked for the process.
    public func start() throws(SystemError) {
        restore()
        try reader.start()
        timerFired()
    }

    /// Ends the thread; false when it hangs, in a name server's silence, and the process should end without it.
    public func stop() -> Bool {
        loop.cancelTimer(self)
        loop.remove(wakeUp)
        return reader.stop()
    }

    /// A token needs a key that is not there: has the source read, unless it was a moment ago.
    public func ask(for key: MissingKey) -> Prospect {
        let now = Clock.monotonic
        switch policy.missing(key, at: now) {
        case .read:
            reader.order()
            return .mayCome
        case .wait: return .mayCome
        case .postponed(let time):
            // Rounded up: a client that asks again a moment too early is told the same once more.
            let seconds = (max(time, now) - now + 999_999_999) / 1_000_000_000
            return .mayComeLater(seconds: max(Int(seconds), 1))
        case .unknown: return .isUnknown
        }
    }

    /// It is time for the next read, or nearly.
    public override func timerFired() {
        if policy.isDue(at: Clock.monotonic) {
            reader.order()
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

    private func takeNews() {
        let (news, saveFailure) = reader.takeNews()
        if let saveFailure { observe?(.notKept(saveFailure)) }
        guard let news else { return }
        let random = Double.random(in: 0..<1)
        switch news {
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
