internal import Base
internal import DequeModule
public import EventLoop

/// A message that was sent and has no result yet.
///
/// Outside of the generic class, where each use would look up its metadata.
private enum Sent: Equatable {
    case preparation
    /// The index of the check.
    case check(Int)
    /// A setting for the rest of the transaction; its result is dropped.
    case setting
    case statement
    /// A statement whose rows are given one at a time.
    case rows
    case sync
}

/// The phase of a pipeline's connection.
public enum ConnectionPhase: Int, CaseIterable, Sendable {
    /// Not connected, and no connection is needed.
    case asleep
    /// Not connected; the next attempt is due soon.
    case waiting
    /// The connection is being made, or its session prepared.
    case connecting
    /// Statements can be sent.
    case ready
}

/// One connection in pipeline mode on the loop: it connects by itself, prepares its statements in each new session,
/// and reconnects with back-off when the connection is lost.
///
/// Statements are sent together at the end of a turn of the loop.
public final class Pipeline<Client: PipelineClient>: EventSource {
    /// The states of a connection.
    enum State: Equatable {
        /// Not connected, and no connection is needed.
        case asleep
        /// The connector is connecting.
        case connecting
        /// Preparing statements.
        case settingUp
        case ready
    }

    /// Receives the events; its owner keeps it alive.
    ///
    /// Weak: the loop may retain the pipeline for longer.
    public weak var client: Client?

    private let connector: Connector
    private let statements: [Statement]
    private let checks: [Statement]
    private let loop: EventLoop
    @safe @exclusivity(unchecked) private var state = State.asleep
    @safe @exclusivity(unchecked) private var connection: Connection?
    @safe @exclusivity(unchecked) private var sent = Deque<Sent>()
    private var isPaused = false
    /// Whether the current statement is read in single-row mode.
    private var isReadingRows = false
    /// Whether libpq has not yet returned the end of the last statement's results; the next one's follow it.
    private var awaitsEnd = false
    private var isWatchingForRoom = false
    private var lastUse: UInt64 = 0
    /// A failure during a call; reported at the end of the turn, outside of all other calls.
    @safe @exclusivity(unchecked) private var failure: (error: PostgreSQLError, knowledge: LossKnowledge)?

    /// Makes a pipeline without a connection; `connect` begins one.
    ///
    /// - Parameters:
    ///   - database: shared by all pipelines to it.
    ///   - statements: those that may be sent.
    ///   - checks: statements without parameters that every new session runs first, for `refusal(ofSessionBy:_:)`.
    public init(to database: Database, statements: [Statement], checks: [Statement], on loop: EventLoop) {
        connector = Connector(database, on: loop)
        self.statements = statements
        self.checks = checks
        self.loop = loop
        super.init()
        connector.onOpened = { [unowned self] connection in take(connection) }
        connector.onFailed = { [unowned self] error in
            isBroken = true
            client?.pipelineLost(error, .noneCommitted)
        }
    }

    deinit {
        connector.stop()
    }

    /// Whether statements can be sent now.
    public var isReady: Bool { state == .ready && failure == nil }

    /// Whether the connection was lost, or could not be made, and has not been restored.
    ///
    /// False for a connection that was lost while it was not needed: a database may suspend itself. False also before
    /// the first attempt has failed; `connectCount` shows whether there ever was a connection.
    public private(set) var isBroken = false

    /// The phase of its connection, for the metrics.
    public var phase: ConnectionPhase {
        switch state {
        case .asleep: .asleep
        case .connecting where connector.isWaiting: .waiting
        case .connecting, .settingUp: .connecting
        case .ready: .ready
        }
    }

    /// How often a connection became usable.
    public private(set) var connectCount = 0

    /// Whether the server has reported that the session has become read-only.
    ///
    /// A pooler may not pass the report on.
    public var isReportedReadOnly: Bool { isReady && connection?.isReportedReadOnly == true }

    /// Begins to connect; does nothing when there is a connection, or a retry is due.
    public func connect() {
        guard state == .asleep else { return }
        state = .connecting
        connector.begin()
    }

    /// Checks whether the server has closed the idle connection, before a statement is lost on it.
    public func probe() {
        guard isReady, sent.isEmpty, loop.now > lastUse + 50_000_000 else { return }
        // Twice: the first call reads the server's last message, the second the end of file.
        if connection?.consumeInput() != true || connection?.consumeInput() != true { fail() }
    }

    /// Puts a prepared statement into the pipeline.
    ///
    /// Only when `isReady`.
    ///
    /// - Parameter rowByRow: whether its rows are received one at a time, as they arrive.
    public func send(_ statement: Statement, _ parameters: borrowing Parameters, rowByRow: Bool = false) {
        send(statement, parameters, rowByRow ? .rows : .statement)
    }

    /// Puts a prepared statement into the pipeline that sets something for the rest of its transaction.
    ///
    /// Only when `isReady`. Its result is not reported.
    public func sendSetting(_ statement: Statement, _ parameters: borrowing Parameters) {
        send(statement, parameters, .setting)
    }

    private func send(_ statement: Statement, _ parameters: borrowing Parameters, _ kind: Sent) {
        guard isReady, connection?.send(statement, parameters) == true else { return fail() }
        sent.append(kind)
        lastUse = loop.now
    }

    /// Ends a transaction in the pipeline and sends all buffered statements.
    ///
    /// Only when `isReady`.
    public func sendSync() {
        guard isReady, connection?.sendSync() == true else { return fail() }
        sent.append(.sync)
        flush()
    }

    /// Closes the connection and reports the reason, at the end of this turn.
    public func abandon(_ reason: String) {
        fail(PostgreSQLError(sqlState: nil, message: reason))
    }

    /// Stops reading, so that the server stops sending when the socket's buffers are full.
    public func pause() {
        guard isReady, !isPaused else { return }
        isPaused = true
        // Unregistered rather than changed: a connection that ends meanwhile would be reported in every turn.
        loop.remove(self)
    }

    /// Continues reading, at the end of this turn.
    public func resume() {
        guard isPaused else { return }
        isPaused = false
        guard isReady else { return }
        watch(for: isWatchingForRoom ? [.readable, .writable] : .readable)
        loop.postpone(self)
    }

    // MARK: Connecting

    private func watch(for interest: Readiness) {
        loop.remove(self)
        do throws(SystemError) {
            try loop.add(self, descriptor: connection?.descriptor ?? -1, for: interest)
        } catch {
            fail(PostgreSQLError(sqlState: nil, message: error.description))
        }
    }

    private func take(_ opened: consuming Connection) {
        state = .settingUp
        connection = consume opened
        loop.setTimer(self, at: loop.now + connector.sessionTimeout)
        watch(for: .readable)
        setUp()
    }

    /// Prepares all statements and runs the checks.
    ///
    /// Each has its own sync, so that a statement name that exists already does not stop the others.
    private func setUp() {
        guard connection?.enterPipelineMode() == true else { return fail() }
        for statement in checks + statements {
            guard connection?.sendPrepare(statement) == true, connection?.sendSync() == true else { return fail() }
            sent.append(.preparation)
            sent.append(.sync)
        }
        for (index, check) in checks.enumerated() {
            guard connection?.send(check, Parameters()) == true, connection?.sendSync() == true else { return fail() }
            sent.append(.check(index))
            sent.append(.sync)
        }
        flush()
    }

    private func becameReady() {
        state = .ready
        connectCount += 1
        isBroken = false
        loop.cancelTimer(self)
        client?.pipelineBecameReady()
    }

    /// Preparing the session has exceeded its timeout.
    public override func timerFired() {
        if state == .settingUp { abandon("timeout while connecting") }
    }

    private func fail() {
        fail(connection?.lastError ?? PostgreSQLError(sqlState: nil, message: "no connection"))
    }

    /// The connection can no longer be used.
    private func fail(_ error: PostgreSQLError, _ knowledge: LossKnowledge = .eachMayHaveCommitted) {
        guard failure == nil, state == .settingUp || state == .ready else { return }
        failure = (error, knowledge)
        // Now, not at the end of the turn: libpq closes the socket of a broken connection by itself, and the next
        // descriptor that is opened gets its number.
        loop.remove(self)
        loop.postpone(self)
    }

    /// Continues reading after a pause; or releases a failed connection and begins to reconnect.
    public override func turnEnded() {
        guard let (error, knowledge) = failure else {
            if isReady, !isPaused { receive() }
            return
        }
        failure = nil
        let wasReady = state == .ready
        loop.cancelTimer(self)
        connection = nil
        (isWatchingForRoom, isPaused, isReadingRows, awaitsEnd) = (false, false, false, false)
        sent.removeAll()
        state = .connecting
        client?.pipelineLost(error, knowledge)
        if wasReady, client?.needsConnection == false {
            state = .asleep
        } else {
            isBroken = true
            connector.beginAgain()
        }
    }

    // MARK: Working

    /// The socket became ready.
    public override func ready(_ readiness: Readiness) {
        guard failure == nil else { return }
        if readiness.contains(.writable) { flush() }
        if readiness != .writable { receive() }
    }

    /// Sends the buffered data; the rest is sent when the socket is writable.
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
        let isOpen = connection?.consumeInput() == true
        // Now: libpq has closed the socket, and a descriptor that is opened while results are handled gets its number.
        if !isOpen { loop.remove(self) }
        // Results that arrived before the end are valid.
        readResults()
        if !isOpen { fail() }
    }

    private func readResults() {
        var wasEnd = false
        while failure == nil, !isPaused, let next = sent.first {
            if next == .rows, !isReadingRows, !awaitsEnd {
                guard connection?.readRowByRow() == true else { return fail() }
                isReadingRows = true
            }
            guard connection?.isBusy == false else { return }
            if let result = connection?.nextResult() {
                wasEnd = false
                take(result, for: next)
            } else {
                // The end of one statement's results; a second nil in a row means that libpq has no more.
                guard !wasEnd else { return fail() }
                wasEnd = true
                awaitsEnd = false
            }
        }
    }

    private func take(_ result: QueryResult, for head: Sent) {
        let outcome = result.outcome
        if case .failed(let error) = outcome, error.endsSession {
            return fail(error, LossKnowledge(error, atSync: head == .sync))
        }
        if outcome != .row, head != .sync || outcome == .sync {
            _ = sent.popFirst()
            isReadingRows = false
            awaitsEnd = head != .sync
        }
        switch (head, outcome) {
        case (.sync, .sync):
            if state == .ready {
                client?.pipelineSynced()
            } else if sent.isEmpty {
                becameReady()
            }
        case (.sync, .failed(let error)):
            client?.pipelineUndone(error)
        case (.preparation, .failed(let error)) where error.family != .duplicateStatement:
            fail(error)
        case (.check, .failed(let error)):
            fail(error)
        case (.check(let index), _):
            if let refusal = client?.refusal(ofSessionBy: checks[index], result) { fail(refusal) }
        case (.statement, _), (.rows, _):
            if outcome == .rows { connector.succeeded() }
            client?.pipelineReceived(result)
        case (.sync, _), (.preparation, _), (.setting, _):
            break
        }
    }
}
