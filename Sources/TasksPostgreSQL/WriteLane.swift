internal import Base
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A connection for writes, with group commit: one batch is under way at a time.
///
/// Nobody is answered before the batch is committed. When one write of a batch fails, all are run again alone.
final class WriteLane: PipelineClient {
    private unowned let store: PostgreSQLTaskStore
    private unowned let queue: WriteQueue
    private let pipeline: Pipeline<WriteLane>
    /// One, or after a failure one for each write that is run again.
    private var batches = Queue<WriteBatch>()

    init(
        store: PostgreSQLTaskStore, queue: WriteQueue, _ configuration: PostgreSQLTaskStore.Configuration,
        on loop: EventLoop
    ) {
        self.store = store
        self.queue = queue
        pipeline = Pipeline(
            url: configuration.url, statements: TaskStatements.writes, check: Migrations.check,
            applicationName: configuration.applicationName, on: loop)
        pipeline.client = self
    }

    var isBroken: Bool { pipeline.isBroken }
    var phase: ConnectionPhase { pipeline.phase }
    var connectCount: Int { pipeline.connectCount }

    /// Whether a batch can be run now, as far as is known.
    var isIdle: Bool {
        guard batches.isEmpty else { return false }
        pipeline.probe()
        return pipeline.isReady
    }

    func connect() {
        pipeline.connect()
    }

    /// Sends a batch.
    ///
    /// Only when `isIdle`.
    func run(_ batch: WriteBatch) {
        // First, so that a connection that breaks in this moment finds it, and finds it not sent.
        batches.append(batch)
        for submission in batch.submissions {
            store.parameters.removeAll()
            let statement = submission.operation.statement(adding: &store.parameters)
            pipeline.send(statement, store.parameters)
        }
        guard pipeline.isReady else { return }
        let now = Clock.monotonic
        batches.updateLast { batch in
            batch.isSent = true
            batch.sentAt = now
        }
        pipeline.sendSync()
    }

    /// Answers what nobody should wait for any longer.
    func expire(now: UInt64) {
        var expired: [Submission] = []
        batches.updateEach { batch in expired += batch.expire(now: now) }
        if let oldest = batches.first?.submissions.first, oldest.isAnswered, oldest.deadline + 2_000_000_000 < now {
            pipeline.abandon("no answer from the database")
        }
        for submission in expired { store.finished(submission, .failed(.outcomeUnknown)) }
    }

    // MARK: PipelineClient

    var needsConnection: Bool { !queue.isEmpty || store.isInUse }

    func reasonToRefuse(_ check: QueryResult) -> String? {
        Migrations.reasonToRefuse(check).map { "the schema cannot be used: \($0)" }
    }

    func pipelineBecameReady() {
        store.connected()
        queue.takeBack([])
    }

    func pipelineReceived(_ result: QueryResult) {
        batches.updateFirst { batch in batch.receive(result) }
    }

    func pipelineUndone(_ error: PostgreSQLError) {
        batches.updateFirst { batch in batch.undo(error) }
    }

    func pipelineSynced() {
        guard let batch = batches.popFirst() else { return }
        switch batch.verdict() {
        case .committed(let results):
            store.measure?(.committed(writes: results.count, took: Clock.monotonic - batch.sentAt))
            for (submission, result) in zip(batch.submissions, results) where !submission.isAnswered {
                store.finished(submission, .done(PostgreSQLTaskRows(result, isCounted: false)))
            }
        case .undone(let error) where error.family == .unknownStatement:
            // Nothing that is sent on this session can be done; another one may know the statements.
            queue.takeBack(batch.submissions)
            pipeline.abandon("the session has lost its statements")
        case .undone(let error) where batch.submissions.count == 1:
            refused(batch.submissions[0], error)
        case .undone:
            store.measure?(.divided(writes: batch.submissions.count))
            for submission in batch.unanswered { run(WriteBatch([submission])) }
        }
        // There may be a next batch.
        queue.takeBack([])
    }

    private func refused(_ submission: Submission, _ error: PostgreSQLError) {
        store.observe(error)
        guard !submission.isAnswered else { return }
        switch error.family {
        case .conflict where submission.conflicts < 3:
            var again = submission
            again.conflicts += 1
            queue.retry(again)
        default:
            store.finished(submission, .failed(submission.failure(TaskFailure(error))))
        }
    }

    func pipelineLost(_ error: PostgreSQLError) {
        store.observe(lost: error)
        var again: [Submission] = []
        var unknown: [Submission] = []
        for batch in batches.removeAll() {
            for var submission in batch.submissions where !submission.isAnswered {
                if batch.mayBeDone { submission.mayBeDone = true }
                if submission.mayBeDone, !submission.operation.action.isRepeatable {
                    unknown.append(submission)
                } else {
                    again.append(submission)
                }
            }
        }
        if !again.isEmpty { queue.takeBack(again) }
        for submission in unknown { store.finished(submission, .failed(.outcomeUnknown)) }
    }
}
