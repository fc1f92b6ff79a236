internal import Base
public import EventLoop

/// What a pipeline tells the one who uses it; never from within a call to the pipeline.
public protocol PipelineClient: AnyObject {
    /// Whether a lost connection should be made again at once, rather than when the next statement comes.
    var needsConnection: Bool { get }
    /// A new session's answer to the check; a reason not to use it, or nil.
    func reasonToRefuse(_ check: QueryResult) -> String?
    /// Statements can be sent.
    func pipelineBecameReady()
    /// The oldest statement that was sent has this result; its transaction may still fail up to the sync.
    func pipelineReceived(_ result: QueryResult)
    /// All up to the oldest sync that was sent is committed, or undone if one of it had failed.
    func pipelineSynced()
    /// All up to the oldest sync that was sent is undone, though no statement's result may say so; `pipelineSynced`
    /// or `pipelineLost` follows.
    func pipelineUndone(_ error: PostgreSQLError)
    /// The connection is gone, and with it all that was sent and has no result; or it could not be made.
    func pipelineLost(_ error: PostgreSQLError)
}

/// What was sent and has no result yet.
///
/// Not within the generic class: its metadata would be looked up for every use.
private enum Sent {
    case preparation
    case check
    case statement
    case sync
}

/// How far a pipeline's connection is.
public enum ConnectionPhase: Int, CaseIterable, Sendable {
    /// There is none, and nobody needs one.
    case asleep
    /// There is none; the next attempt is due soon.
    case waiting
    /// It is being made, or its session prepared.
    case connecting
    /// Statements can be sent.
    case ready
}

/// One connection in pipeline mode on the loop: it connects by itself, prepares its statements in each new session,
/// and connects again, with patience, when the connection is lost.
///
/// Statements are sent together at the end of a turn of the loop.
public final class Pipeline<Client: PipelineClient>: EventSource {
    /// The life of a connection.
    enum State: Equatable {
        /// There is none, and nobody needs one.
        case asleep
        /// There is none; the timer begins the next attempt.
        case waiting
        case connecting
        /// Preparing statements.
        case settingUp
        case ready
    }

    /// Gets the results; kept alive by its owner.
    ///
    /// Weak: the loop may hold the pipeline for longer.
    public weak var client: Client?

    private let url: String
    private let applicationName: String
    private let statements: [Statement]
    private let check: Statement
    private let loop: EventLoop
    private var state = State.asleep
    private var connection: Connection?
    private var sent = Queue<Sent>()
    private var backoff = Backoff()
    private var isWatchingForRoom = false
    private var lastUse: UInt64 = 0
    /// What broke during a call; told at the end of the turn, when nobody is in the middle of anything.
    private var failure: PostgreSQLError?

    /// Attempts to connect are given up after this time, in nanoseconds: a database that was asleep may take seconds.
    private static var connectTimeout: UInt64 { 12_000_000_000 }

    /// Makes a pipeline without a connection; `connect` begins one.
    ///
    /// - Parameters:
    ///   - url: as in `Connection.open`.
    ///   - statements: those that may be sent.
    ///   - check: a statement without parameters that every new session runs first, for the client to judge.
    ///   - applicationName: what the server's list of sessions calls it, unless the URL says otherwise.
    public init(
        url: String, statements: [Statement], check: Statement, applicationName: String = "todo-fcgi",
        on loop: EventLoop
    ) {
        self.url = url
        self.applicationName = applicationName
        self.statements = statements
        self.check = check
        self.loop = loop
    }

    /// Whether statements can be sent now.
    public var isReady: Bool { state == .ready && failure == nil }

    /// Whether the connection was lost, or could not be made, and is not there again.
    ///
    /// One that was lost while nobody needed it is not broken: a database may go to sleep.
    public private(set) var isBroken = false

    /// How far its connection is, for the metrics.
    public var phase: ConnectionPhase {
        switch state {
        case .asleep: .asleep
        case .waiting: .waiting
        case .connecting, .settingUp: .connecting
        case .ready: .ready
        }
    }

    /// How often a connection became usable.
    public private(set) var connectCount = 0

    /// Makes sure that a connection is on its way; does nothing when there is one, or a retry is due.
    public func connect() {
        guard state == .asleep else { return }
        beginConnecting()
    }

    /// Notices now that an idle connection was closed by the server, before a statement is lost on it.
    public func probe() {
        guard isReady, sent.isEmpty, loop.now > lastUse + 50_000_000 else { return }
        // Twice: a server that says goodbye before it closes is read first, and found closed then.
        if connection?.consumeInput() != true || connection?.consumeInput() != true { fail() }
    }

    /// Puts a prepared statement into the pipeline.
    ///
    /// Only when `isReady`.
    public func send(_ statement: Statement, _ parameters: borrowing Parameters) {
        guard isReady, connection?.send(statement, parameters) == true else { return fail() }
        sent.append(.statement)
        lastUse = loop.now
    }

    /// Ends a transaction in the pipeline and sends all that is waiting.
    ///
    /// Only when `isReady`.
    public func sendSync() {
        guard isReady, connection?.sendSync() == true else { return fail() }
        sent.append(.sync)
        flush()
    }

    /// Ends the connection, at the end of this turn.
    public func abandon(_ reason: String) {
        fail(PostgreSQLError(sqlState: nil, message: reason))
    }

    // MARK: Connecting

    private func beginConnecting() {
        state = .connecting
        loop.setTimer(self, at: loop.now + Self.connectTimeout)
        do throws(PostgreSQLError) {
            connection = try Connection.beginOpening(url, applicationName)
        } catch {
            return fail(error)
        }
        // libpq wants to be asked as if the socket had become writable.
        watch(for: .writable)
    }

    private func continueConnecting() {
        guard let step = connection?.continueOpening() else { return }
        switch step {
        case .readable: watch(for: .readable)
        case .writable: watch(for: .writable)
        case .opened: setUp()
        case .failed: fail()
        }
    }

    /// Watches the socket, which another one may have taken the place of while connecting.
    private func watch(for interest: Readiness) {
        loop.remove(self)
        do throws(SystemError) {
            try loop.add(self, descriptor: connection?.descriptor ?? -1, for: interest)
        } catch {
            fail(PostgreSQLError(sqlState: nil, message: error.description))
        }
    }

    /// Prepares everything.
    ///
    /// Each with a sync of its own, so that a name that exists already stops no other.
    private func setUp() {
        state = .settingUp
        watch(for: .readable)
        guard connection?.enterPipelineMode() == true else { return fail() }
        for statement in [check] + statements {
            guard connection?.sendPrepare(statement) == true, connection?.sendSync() == true else { return fail() }
            sent.append(.preparation)
            sent.append(.sync)
        }
        guard connection?.send(check, Parameters()) == true, connection?.sendSync() == true else { return fail() }
        sent.append(.check)
        sent.append(.sync)
        flush()
    }

    private func becameReady() {
        state = .ready
        connectCount += 1
        isBroken = false
        loop.cancelTimer(self)
        client?.pipelineBecameReady()
    }

    /// The next attempt is due, or an attempt took too long.
    public override func timerFired() {
        switch state {
        case .waiting: beginConnecting()
        case .connecting, .settingUp: abandon("timeout while connecting")
        case .asleep, .ready: break
        }
    }

    private func fail() {
        fail(connection?.lastError ?? PostgreSQLError(sqlState: nil, message: "no connection"))
    }

    /// The connection is of no more use.
    private func fail(_ error: PostgreSQLError) {
        guard failure == nil, state != .waiting, state != .asleep else { return }
        failure = error
        // Now, not at the end of the turn: libpq closes the socket of a broken connection by itself, and the next one
        // that is opened gets its number.
        loop.remove(self)
        loop.postpone(self)
    }

    /// Lets go of a connection that failed, and plans the next.
    public override func turnEnded() {
        guard let error = failure else { return }
        failure = nil
        let wasReady = state == .ready
        let isSlow = state == .connecting && connection?.reachedAuthentication == true
        loop.cancelTimer(self)
        connection = nil
        isWatchingForRoom = false
        _ = sent.removeAll()
        state = .waiting
        client?.pipelineLost(error)
        if wasReady, client?.needsConnection == false {
            state = .asleep
        } else {
            isBroken = true
            loop.setTimer(self, at: loop.now + backoff.next(isSlow: isSlow, random: .random(in: 0..<1)))
        }
    }

    // MARK: Working

    /// The socket became ready.
    public override func ready(_ readiness: Readiness) {
        guard failure == nil else { return }
        switch state {
        case .connecting:
            continueConnecting()
        case .settingUp, .ready:
            if readiness.contains(.writable) { flush() }
            if readiness != .writable { receive() }
        case .waiting, .asleep:
            break
        }
    }

    /// Sends what is waiting; what the socket does not take goes when it has room.
    private func flush() {
        guard let isEmpty = connection?.flush() else { return fail() }
        guard isEmpty == isWatchingForRoom else { return }
        isWatchingForRoom = !isEmpty
        do throws(SystemError) {
            try loop.change(self, to: isWatchingForRoom ? [.readable, .writable] : .readable)
        } catch {
            fail(PostgreSQLError(sqlState: nil, message: error.description))
        }
    }

    private func receive() {
        guard connection?.consumeInput() == true else { return fail() }
        var wasEnd = false
        while failure == nil, let next = sent.first {
            guard connection?.isBusy == false else { return }
            if let result = connection?.nextResult() {
                wasEnd = false
                take(result, for: next)
            } else {
                // The end of one statement's results, which the queue knows already; two in a row, of all.
                guard !wasEnd else { return fail() }
                wasEnd = true
            }
        }
    }

    private func take(_ result: QueryResult, for head: Sent) {
        let outcome = result.outcome
        if case .failed(let error) = outcome, error.family == .connection {
            // The server's own words, in a statement's place: it did not get as far as the sync.
            if head == .statement, error.sqlState != nil { client?.pipelineUndone(error) }
            return fail(error)
        }
        switch (head, outcome) {
        case (.sync, .sync):
            _ = sent.popFirst()
            if state == .ready {
                client?.pipelineSynced()
            } else if sent.isEmpty {
                becameReady()
            }
        case (.sync, .failed(let error)):
            client?.pipelineUndone(error)
        case (.sync, _):
            break
        case (.preparation, .failed(let error)) where error.family != .duplicateStatement:
            fail(error)
        case (.check, .failed(let error)):
            fail(error)
        case (.check, _):
            _ = sent.popFirst()
            if let reason = client?.reasonToRefuse(result) {
                fail(PostgreSQLError(sqlState: SQLState("TODO0"), message: reason))
            }
        case (.preparation, _):
            _ = sent.popFirst()
        case (.statement, let outcome):
            _ = sent.popFirst()
            // Not before: a server that takes connections and then refuses all work is not to be called without end.
            if outcome == .rows { backoff.succeeded() }
            client?.pipelineReceived(result)
        }
    }
}
