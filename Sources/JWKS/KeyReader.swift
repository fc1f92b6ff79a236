internal import Base
internal import EventLoop
internal import Glibc
internal import JWT
internal import Synchronization

/// A thread that reads a source on request, and keeps the last good set on disk.
final class KeyReader: Sendable {
    /// The outcome of a read.
    enum Outcome: Sendable {
        /// A usable set; nil when the source has not changed.
        case read(JWKSet?)
        case failed(KeySourceError)
    }

    /// The state that the two threads share.
    private struct Mailbox {
        var isEnding = false
        var hasEnded = false
        var outcome: Outcome?
        var saveFailure: SystemError?
    }

    private let source: KeySource
    private let kept: KeptKeySet?
    private let userAgent: String
    private let mailbox = Mutex(Mailbox())
    private let orders: EventSignal
    private let answers: EventSignal

    /// - Parameter kept: where the last good set of a URL is kept, if anywhere.
    /// - Parameter answers: rung when there is news.
    init(_ source: KeySource, kept: KeptKeySet?, userAgent: String, answers: EventSignal) throws(SystemError) {
        self.source = source
        self.kept = kept
        self.userAgent = userAgent
        self.answers = answers
        orders = try EventSignal(isBlocking: true)
    }

    // MARK: The loop's side

    /// Starts the thread, which retains this object until it ends.
    func start() throws(SystemError) {
        // libcurl's global initialisation is not thread-safe, so it precedes the second thread.
        _ = Fetch.Library.isReady
        try BackgroundThread.run { [self] in run() }
    }

    /// Requests one read of the source.
    func requestRead() {
        orders.notify()
    }

    /// The outcome of the last read, returned once.
    func takeOutcome() -> (outcome: Outcome?, saveFailure: SystemError?) {
        mailbox.withLock { box in
            defer { (box.outcome, box.saveFailure) = (nil, nil) }
            return (box.outcome, box.saveFailure)
        }
    }

    /// Ends the thread; whether it ended within a second.
    func stop() -> Bool {
        mailbox.withLock { $0.isEnding = true }
        orders.notify()
        for _ in 0..<200 {
            if mailbox.withLock({ $0.hasEnded }) { return true }
            usleep(5_000)
        }
        return false
    }

    // MARK: The thread's side

    private var isEnding: Bool { mailbox.withLock { $0.isEnding } }

    private func run() {
        var file: KeySetFile? = if case .file(let path) = source { KeySetFile(path: path) } else { nil }
        while true {
            orders.wait()
            guard !isEnding else { break }
            var outcome = Outcome.read(nil)
            do throws(KeySourceError) {
                outcome = .read(try read(&file))
            } catch {
                outcome = .failed(error)
            }
            mailbox.withLock { $0.outcome = outcome }
            answers.notify()
        }
        mailbox.withLock { $0.hasEnded = true }
    }

    private func read(_ file: inout KeySetFile?) throws(KeySourceError) -> JWKSet? {
        guard case .url(let url) = source else { return try file?.readIfChanged()?.set }
        let fetched = try Fetch.keySet(at: url, userAgent: userAgent) { [unowned self] in isEnding }
        do throws(SystemError) {
            try kept?.write(fetched.text)
        } catch {
            mailbox.withLock { $0.saveFailure = error }
        }
        return fetched.set
    }
}
