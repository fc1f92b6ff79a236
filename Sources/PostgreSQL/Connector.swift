internal import EventLoop

/// Makes a connection to a database: tries one server after the other, and all of them again until one answers.
///
/// A server gets three seconds before the next is tried. One attempt that has reached its server is kept for nine
/// seconds more beside the others: a database that wakes from sleep looks the same as one that hangs.
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

    /// Gets a connection that is open.
    ///
    /// As `onFailed`, it is never called from within a call to the connector.
    var onOpened: ((consuming Connection) -> Void)?
    /// Gets the reason when all servers were tried in vain; the next attempts follow unasked.
    var onFailed: ((PostgreSQLError) -> Void)?

    private let database: Database
    private let loop: EventLoop
    private var state = State.idle
    private var backoff = Backoff()
    private var roundBegan: UInt64 = 0
    private var round = ConnectRound([], prefersStandby: false, after: nil)
    private var parameters: ConnectionParameters?
    private var lastTried: Endpoint?
    /// The attempt of the round.
    private var current: ConnectAttempt?
    /// An earlier attempt that has reached its server and got no answer yet.
    private var kept: ConnectAttempt?

    /// How long a server is waited for before the next is tried, in nanoseconds.
    private static var patience: UInt64 { 3_000_000_000 }
    /// How long a server that was reached is waited for in all, and the name server, in nanoseconds.
    private static var longPatience: UInt64 { 12_000_000_000 }

    init(_ database: Database, on loop: EventLoop) {
        self.database = database
        self.loop = loop
    }

    deinit {
        stop()
    }

    /// Whether nothing is under way, and the next round is due later.
    var isWaiting: Bool { state == .waiting && kept == nil }

    /// How long the server may take to prepare a session, in nanoseconds.
    var sessionPatience: UInt64 { round.hasChoice ? Self.patience : Self.longPatience }

    /// Begins to connect, at the end of this turn of the loop.
    func begin() {
        state = .beginning
        loop.postpone(self)
    }

    /// Begins to connect after a connection was lost or could not be used: with the next server, and later each time.
    func beginAgain() {
        state = .waiting
        loop.setTimer(self, at: loop.now + backoff.next(isSlow: false, random: .random(in: 0..<1)))
    }

    /// Notes that the connection did work, so that the next one is made without delay.
    ///
    /// To be open is not enough: a server that takes connections and refuses all work would be called without end.
    func succeeded() {
        backoff.succeeded()
    }

    /// Gives up what is under way.
    func stop() {
        state = .idle
        loop.cancelTimer(self)
        _ = current?.end()
        _ = kept?.end()
        (current, kept) = (nil, nil)
    }

    // MARK: Rounds

    /// The turn ends in which `begin` was called.
    override func turnEnded() {
        if state == .beginning { beginRound() }
    }

    /// The next round is due, or the name server is silent.
    override func timerFired() {
        switch state {
        case .waiting: beginRound()
        case .finding:
            loop.setTimer(self, at: loop.now + Self.longPatience)
            onFailed?(PostgreSQLError(sqlState: nil, message: "no answer from the name server about the URL's host"))
        case .idle, .beginning, .connecting: break
        }
    }

    private func beginRound() {
        state = .finding
        roundBegan = loop.now
        loop.setTimer(self, at: roundBegan + Self.longPatience)
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
                    parameters, to: endpoint, for: self, patience: Self.patience, on: loop)
                return
            } catch {
                round.failed(error)
            }
        }
        state = .waiting
        let wait = backoff.next(isSlow: round.isLoginRefused, random: .random(in: 0..<1))
        // From the round's beginning: after seconds of silence there is no need to wait once more.
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

    /// An attempt takes long.
    func isSilent(_ attempt: ConnectAttempt) {
        let error = PostgreSQLError(sqlState: nil, message: "timeout while connecting to \(attempt.endpoint)")
        guard attempt !== kept, kept == nil, attempt.hasReachedServer else { return failed(attempt, error) }
        kept = attempt
        attempt.extend(to: Self.longPatience)
        current = nil
        round.failed(error)
        tryNext()
    }
}
