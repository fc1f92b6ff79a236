internal import Base
internal import DequeModule
public import EventLoop

/// What a pipeline tells its user; never from within a call to the pipeline.
public protocol PipelineClient: AnyObject {
    /// Whether a lost connection should be made again at once, rather than when the next statement comes.
    var needsConnection: Bool { get }
    /// Judges a new session by its answer to one of the checks; an error refuses the session.
    func refusal(ofSessionBy check: Statement, _ result: QueryResult) -> PostgreSQLError?
    /// Statements can be sent.
    func pipelineBecameReady()
    /// The oldest statement that was sent has this result; its transaction may still fail up to the sync.
    ///
    /// A statement that is read row by row has one result for each row and one without rows at the end.
    func pipelineReceived(_ result: QueryResult)
    /// The transaction up to the oldest sync failed at its commit and is undone; `pipelineSynced` follows.
    func pipelineUndone(_ error: PostgreSQLError)
    /// All up to the oldest sync that was sent is committed, or undone if a statement of it had failed.
    func pipelineSynced()
    /// The connection is gone, and with it all that was sent and has no result; or it could not be made.
    func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge)
}

/// What is known, when a connection is lost, of the transactions whose sync was sent and whose end was not seen.
public enum LossKnowledge: Sendable {
    /// None is committed: the server itself ended the session within the oldest.
    case noneCommitted
    /// Only the oldest may be committed: the server itself ended the session at its end.
    case onlyOldestMayBeCommitted
    /// Each may be committed: the connection broke, or a pooler speaks in the server's place.
    case eachMayBeCommitted
}

/// What was sent and has no result yet.
///
/// Not within the generic class: its metadata would be looked up for every use.
private enum Sent: Equatable {
    case preparation
    /// The index of the check.
    case check(Int)
    /// A setting for the rest of the transaction; its result is nobody's.
    case setting
    case statement
    /// A statement whose rows are given one at a time.
    case rows
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
        /// The connector makes one.
        case connecting
        /// Preparing statements.
        case settingUp
        case ready
    }

    /// Gets the results; kept alive by its owner.
    ///
    /// Weak: the loop may hold the pipeline for longer.
    public weak var client: Client?

    private let connector: Connector
    private let statements: [Statement]
    private let checks: [Statement]
    private let loop: EventLoop
    @safe @exclusivity(unchecked) private var state = State.asleep
    @safe @exclusivity(unchecked) private var connection: Connection?
    @safe @exclusivity(unchecked) private var sent = Deque<Sent>()
    private var isPaused = false
    /// Whether libpq was told to give the rows of the statement that is read now one at a time.
    private var isReadingRows = false
    /// Whether libpq has yet to say that the last statement has no more results; only then the next one's begin.
    private var awaitsEnd = false
    private var isWatchingForRoom = false
    private var lastUse: UInt64 = 0
    /// What broke during a call; told at the end of the turn, when nobody is in the middle of anything.
    @safe @exclusivity(unchecked) private var failure: (error: PostgreSQLError, knowledge: LossKnowledge)?

    /// Makes a pipeline without a connection; `connect` begins one.
    ///
    /// - Parameters:
    ///   - database: shared by all pipelines to it.
    ///   - statements: those that may be sent.
    ///   - checks: statements without parameters that every new session runs first, for the client to judge.
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

    /// Whether the connection was lost, or could not be made, and is not there again.
    ///
    /// One that was lost while nobody needed it is not broken: a database may go to sleep. Before the first attempt has
    /// failed it is false as well; whether there ever was a connection, `connectCount` says.
    public private(set) var isBroken = false

    /// How far its connection is, for the metrics.
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

    /// Whether the server has said that the session takes no writes any more.
    ///
    /// A pooler may keep that to itself.
    public var isReportedReadOnly: Bool { isReady && connection?.isReportedReadOnly == true }

    /// Makes sure that a connection is on its way; does nothing when there is one, or a retry is due.
    public func connect() {
        guard state == .asleep else { return }
        state = .connecting
        connector.begin()
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
    ///
    /// - Parameter rowByRow: whether its rows are received as they arrive, one at a time.
    public func send(_ statement: Statement, _ parameters: borrowing Parameters, rowByRow: Bool = false) {
        send(statement, parameters, rowByRow ? .rows : .statement)
    }

    /// Puts a prepared statement into the pipeline that sets something for the rest of its transaction.
    ///
    /// Only when `isReady`. Its result is not told.
    public func sendSetting(_ statement: Statement, _ parameters: borrowing Parameters) {
        send(statement, parameters, .setting)
    }

    private func send(_ statement: Statement, _ parameters: borrowing Parameters, _ kind: Sent) {
        guard isReady, connection?.send(statement, parameters) == true else { return fail() }
        sent.append(kind)
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

    /// Stops reading, so that the server stops sending when the socket's buffers are full.
    public func pause() {
        guard isReady, !isPaused else { return }
        isPaused = true
        // Not only its interest: a connection that ends meanwhile would be reported in every turn.
        loop.remove(self)
    }

    /// Goes on reading, at the end of this turn.
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
        loop.setTimer(self, at: loop.now + connector.sessionPatience)
        watch(for: .readable)
        setUp()
    }

    /// Prepares everything.
    ///
    /// Each with a sync of its own, so that a name that exists already stops no other.
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

    /// Preparing the session takes too long.
    public override func timerFired() {
        if state == .settingUp { abandon("timeout while connecting") }
    }

    private func fail() {
        fail(connection?.lastError ?? PostgreSQLError(sqlState: nil, message: "no connection"))
    }

    /// The connection is of no more use.
    private func fail(_ error: PostgreSQLError, _ knowledge: LossKnowledge = .eachMayBeCommitted) {
        guard failure == nil, state == .settingUp || state == .ready else { return }
        failure = (error, knowledge)
        // Now, not at the end of the turn: libpq closes the socket of a broken connection by itself, and the next one
        // that is opened gets its number.
        loop.remove(self)
        loop.postpone(self)
    }

    /// Goes on after a pause; or lets go of a connection that failed, and has the next one made.
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
        let isOpen = connection?.consumeInput() == true
        // Now: libpq has closed the socket, and one that is opened for a result below gets its number.
        if !isOpen { loop.remove(self) }
        // What arrived before the end counts.
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
                // The end of one statement's results, which the queue knows already; two in a row, of all.
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

extension LossKnowledge {
    /// What an error that ends a session says of the transactions under way.
    ///
    /// - Parameter atSync: whether it came in the place of a commit's end, not of a statement's result.
    init(_ error: PostgreSQLError, atSync: Bool) {
        guard let state = error.sqlState, !state.isOfConnection else {
            self = .eachMayBeCommitted
            return
        }
        // A server that panics while it writes the commit may have written it.
        self = atSync || error.severity == .panic ? .onlyOldestMayBeCommitted : .noneCommitted
    }
}
