internal import Base
internal import EventLoop
internal import Glibc
internal import JWT
internal import Synchronization

/// A thread that reads a source when it is told to, and keeps what it read on disk; it decides nothing.
final class KeyReader: Sendable {
    /// What a read brought.
    enum News: Sendable {
        /// A usable set; nil when the source has not changed.
        case read(JWKSet?)
        case failed(KeySourceError)
    }

    /// What the two threads tell each other.
    private struct Mailbox {
        var isEnding = false
        var hasEnded = false
        var news: News?
        var saveFailure: SystemError?
    }

    private let source: KeySource
    private let kept: KeptKeySet?
    private let userAgent: String
    private let mailbox = Mutex(Mailbox())
    private let orders: EventSignal
    private let answers: EventSignal

    /// - Parameter kept: where a URL's set is kept, if anywhere.
    /// - Parameter answers: rung when there is news.
    init(_ source: KeySource, kept: KeptKeySet?, userAgent: String, answers: EventSignal) throws(SystemError) {
        self.source = source
        self.kept = kept
        self.userAgent = userAgent
        self.answers = answers
        orders = try EventSignal(isBlocking: true)
    }

    // MARK: The loop's side

    /// Starts the thread, which holds this object until it ends.
    func start() throws(SystemError) {
        // Not safe in two threads at once, so it is done while there is one.
        _ = Fetch.Library.isReady
        try BackgroundThread.run { [self] in run() }
    }

    /// Has the source read once.
    func order() {
        orders.notify()
    }

    /// What came of the last order, told once.
    func takeNews() -> (news: News?, saveFailure: SystemError?) {
        mailbox.withLock { box in
            defer { (box.news, box.saveFailure) = (nil, nil) }
            return (box.news, box.saveFailure)
        }
    }

    /// Has the thread end; whether it has within a second.
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
            var news = News.read(nil)
            do throws(KeySourceError) {
                news = .read(try read(&file))
            } catch {
                news = .failed(error)
            }
            mailbox.withLock { $0.news = news }
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
