internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A connection for reads: each is sent in the turn it arrives in, all of a turn with one sync.
///
/// A read may be run as often as it takes, so a lost connection only means that it is sent again.
final class ReadLane: EventSource, PipelineClient {
    private unowned let store: PostgreSQLTaskStore
    private unowned let queue: ReadQueue
    private let loop: EventLoop
    private let pipeline: Pipeline<ReadLane>
    private var sent = Queue<Submission>()

    init(
        store: PostgreSQLTaskStore, queue: ReadQueue, _ configuration: PostgreSQLTaskStore.Configuration,
        on loop: EventLoop
    ) {
        self.store = store
        self.queue = queue
        self.loop = loop
        pipeline = Pipeline(
            url: configuration.url, statements: TaskStatements.reads, check: Migrations.check,
            applicationName: configuration.applicationName, on: loop)
        super.init()
        pipeline.client = self
    }

    var isBroken: Bool { pipeline.isBroken }
    var phase: ConnectionPhase { pipeline.phase }
    var connectCount: Int { pipeline.connectCount }

    var isReady: Bool { pipeline.isReady }

    /// When the oldest of those under way was sent.
    var oldestSentAt: UInt64 { sent.first { $0.sentAt } ?? .max }

    /// Whether a read sent now would be run soon: the oldest that is under way has not been for long.
    var isResponsive: Bool {
        pipeline.probe()
        guard pipeline.isReady else { return false }
        return sent.first { loop.now < $0.sentAt + 10_000_000 } ?? true
    }

    func connect() {
        pipeline.connect()
    }

    /// Sends a read.
    ///
    /// Only when `isReady`.
    func send(_ submission: Submission) {
        var submission = submission
        submission.sentAt = loop.now
        // First, so that it is among those that are sent again if the connection breaks in this moment.
        sent.append(submission)
        store.parameters.removeAll()
        let statement = submission.operation.statement(adding: &store.parameters)
        pipeline.send(statement, store.parameters)
        loop.postpone(self)
    }

    override func turnEnded() {
        if pipeline.isReady { pipeline.sendSync() }
    }

    /// Answers what nobody should wait for any longer.
    func expire(now: UInt64) {
        var expired: [Submission] = []
        sent.updateEach { submission in
            guard !submission.isAnswered, submission.deadline <= now else { return }
            submission.isAnswered = true
            expired.append(submission)
        }
        if pipeline.isReady, let oldest = sent.first, oldest.isAnswered, oldest.deadline + 2_000_000_000 < now {
            pipeline.abandon("no answer from the database")
        }
        for submission in expired { store.finished(submission, .failed(.timedOut)) }
    }

    // MARK: PipelineClient

    var needsConnection: Bool { !queue.isEmpty || store.isInUse }

    func reasonToRefuse(_ check: QueryResult) -> String? {
        Migrations.reasonToRefuse(check).map { "the schema cannot be used: \($0)" }
    }

    func pipelineBecameReady() {
        store.connected()
        queue.resume()
    }

    func pipelineReceived(_ result: QueryResult) {
        guard var submission = sent.popFirst(), !submission.isAnswered else { return }
        switch result.outcome {
        case .rows, .sync:
            store.finished(submission, .done(PostgreSQLTaskRows(result, isCounted: submission.operation.isCounted)))
        case .skipped:
            queue.submit(submission)
        case .failed(let error):
            store.observe(error)
            switch error.family {
            case .conflict where submission.conflicts < 3:
                submission.conflicts += 1
                queue.submit(submission)
            case .unknownStatement:
                pipeline.abandon("the session has lost its statements")
                queue.submit(submission)
            default:
                store.finished(submission, .failed(TaskFailure(error)))
            }
        }
    }

    func pipelineSynced() {}

    func pipelineUndone(_ error: PostgreSQLError) {}

    func pipelineLost(_ error: PostgreSQLError) {
        store.observe(lost: error)
        queue.resume(sent.removeAll())
    }
}

extension TaskOperation {
    /// Whether its rows have the number of all that match beside them.
    var isCounted: Bool {
        if case .list(let query) = action { query.countsAll } else { false }
    }
}

extension TaskFailure {
    /// What a statement's error means to the asker.
    ///
    /// The transaction is rolled back, whichever it is.
    init(_ error: PostgreSQLError) {
        self =
            switch error.family {
            case .notNow, .conflict, .connection, .unknownStatement: .unavailable
            case .statement, .duplicateStatement: .refused(sqlState: error.sqlState?.code ?? "")
            }
    }
}
