internal import EventLoop

/// Connects to a database: tries the servers in turn, round after round, until one answers.
///
/// After three seconds without an answer the next server is tried. One attempt that has reached its server continues
/// beside the others for nine seconds more: a database that resumes from suspension looks the same as one that hangs.
final class Connector: EventSource {
    private enum State {
        /// No connection is wanted.
        case idle
        /// The first round begins at the end of this turn of the loop.
        case beginning
        /// The next round begins with the timer.
        case waiting
        /// The servers' addresses are being looked up.
        case finding
        /// A round is under way.
        case connecting
    }

    /// Called with an open connection.
    ///
    /// Like `onFailed`, it is never called from within a call to the connector.
    var onOpened: ((consuming Connection) -> Void)?
    /// Called with the reason when all servers failed; the next round follows by itself.
    var onFailed: ((PostgreSQLError) -> Void)?

    private let database: Database
    private let loop: EventLoop
    private var state = State.idle
    private var backoff = Backoff()
    private var roundBegan: UInt64 = 0
    private var round = ConnectRound([], prefersStandby: false, after: nil)
    private var parameters: ConnectionParameters?
    private var lastTried: Endpoint?
    /// The round's current attempt.
    private var current: ConnectAttempt?
    /// An earlier attempt that has reached its server and has no answer yet.
    private var kept: ConnectAttempt?

    /// The time before the next server is tried, in nanoseconds.
    private static var attemptTimeout: UInt64 { 3_000_000_000 }
    /// The time limit for a server that was reached, and for the name server, in nanoseconds.
    private static var connectTimeout: UInt64 { 12_000_000_000 }

    init(_ database: Database, on loop: EventLoop) {
        self.database = database
        self.loop = loop
    }

    deinit {
        stop()
    }

    /// Whether no attempt is running and the next round is due later.
    var isWaiting: Bool { state == .waiting && kept == nil }

    /// The time limit for preparing a session, in nanoseconds.
    var sessionTimeout: UInt64 { round.hasChoice ? Self.attemptTimeout : Self.connectTimeout }

    /// Begins to connect, at the end of this turn of the loop.
    func begin() {
        state = .beginning
        loop.postpone(self)
    }

    /// Connects to the next server after a connection was lost or unusable, with a longer delay each time.
    func beginAgain() {
        state = .waiting
        loop.setTimer(self, at: loop.now + backoff.next(isSlow: false, random: .random(in: 0..<1)))
    }

    /// Records that the connection worked, so that the next one is made without delay.
    ///
    /// An open connection is not enough: a server that accepts connections and refuses all work would be retried
    /// without delay.
    func succeeded() {
        backoff.succeeded()
    }

    /// Cancels all attempts.
    func stop() {
        state = .idle
        loop.cancelTimer(self)
        _ = current?.end()
        _ = kept?.end()
        (current, kept) = (nil, nil)
    }

    // MARK: Rounds

    /// Begins the round after the turn in which `begin` was called.
    override func turnEnded() {
        if state == .beginning { beginRound() }
    }

    /// The next round is due, or the name server has not answered in time.
    override func timerFired() {
        switch state {
        case .waiting: beginRound()
        case .finding:
            loop.setTimer(self, at: loop.now + Self.connectTimeout)
            onFailed?(PostgreSQLError(sqlState: nil, message: "the name server does not answer for the URL's host"))
        case .idle, .beginning, .connecting: break
        }
    }

    private func beginRound() {
        state = .finding
        roundBegan = loop.now
        loop.setTimer(self, at: roundBegan + Self.connectTimeout)
        database.findServers { [weak self] in self?.found($0) }
    }

    private func found(_ servers: Database.Servers) {
        guard state == .finding else { return }
        loop.cancelTimer(self)
        state = .connecting
        switch servers {
        case .failure(let error):
            round = ConnectRound([], prefersStandby: false, after: nil)
            round.failed(error)
        case .success((let parameters, let endpoints)):
            self.parameters = parameters
            round = ConnectRound(endpoints, prefersStandby: parameters.prefersStandby, after: lastTried)
        }
        tryNext()
    }

    private func tryNext() {
        while let parameters, let endpoint = round.next() {
            lastTried = endpoint
            do throws(PostgreSQLError) {
                current = try ConnectAttempt(
                    parameters, to: endpoint, for: self, timeout: Self.attemptTimeout, on: loop)
                return
            } catch {
                round.failed(error)
            }
        }
        state = .waiting
        let wait = backoff.next(isSlow: round.isLoginRefused, random: .random(in: 0..<1))
        // Counted from the round's beginning: a round that took seconds needs no further delay.
        loop.setTimer(self, at: roundBegan + wait)
        if kept == nil { onFailed?(round.error) }
    }

    // MARK: Attempts

    /// An attempt has succeeded.
    func opened(_ attempt: ConnectAttempt) {
        lastTried = attempt.endpoint
        guard let connection = attempt.end() else { return }
        stop()
        onOpened?(connection)
    }

    /// An attempt has failed.
    func failed(_ attempt: ConnectAttempt, _ error: PostgreSQLError) {
        _ = attempt.end()
        if attempt === kept {
            kept = nil
            onFailed?(error)
        } else {
            current = nil
            round.failed(error)
            tryNext()
        }
    }

    /// An attempt has exceeded its timeout.
    func isSilent(_ attempt: ConnectAttempt) {
        let error = PostgreSQLError(sqlState: nil, message: "timeout while connecting to \(attempt.endpoint)")
        guard attempt !== kept, kept == nil, attempt.hasReachedServer else { return failed(attempt, error) }
        kept = attempt
        attempt.extend(to: Self.connectTimeout)
        current = nil
        round.failed(error)
        tryNext()
    }
}
