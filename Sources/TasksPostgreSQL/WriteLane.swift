internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A connection for writes, with group commit: one batch is under way; what arrives meanwhile is the next.
///
/// Nobody is answered before the batch is committed. When one write of a batch fails, all are run again alone.
final class WriteLane: EventSource, PipelineClient {
    private unowned let store: PostgreSQLTaskStore
    private let loop: EventLoop
    private let pipeline: Pipeline<WriteLane>
    private var waiting = Queue<Submission>()
    /// One, or after a failure one for each write that is run again.
    private var batches = Queue<WriteBatch>()
    /// Those that gave way to another transaction, until the timer goes off.
    private var retrying: [Submission] = []

    /// Long enough to share a commit, short enough to be sent before the first is needed.
    private static var maximumBatch: Int { 64 }

    init(store: PostgreSQLTaskStore, url: String, on loop: EventLoop) {
        self.store = store
        self.loop = loop
        pipeline = Pipeline(url: url, statements: TaskStatements.writes, check: Migrations.check, on: loop)
        super.init()
        pipeline.client = self
    }

    var isBroken: Bool { pipeline.isBroken }

    /// How much stands before a write that is submitted now.
    var load: Int { waiting.count + (batches.isEmpty ? 0 : Self.maximumBatch) }

    func connect() {
        pipeline.connect()
    }

    func submit(_ submission: Submission) {
        waiting.append(submission)
        loop.postpone(self)
    }

    override func turnEnded() {
        guard batches.isEmpty, !waiting.isEmpty else { return }
        pipeline.probe()
        guard pipeline.isReady else { return pipeline.connect() }
        var next: [Submission] = []
        while next.count < Self.maximumBatch, let submission = waiting.popFirst() {
            if !submission.isAnswered { next.append(submission) }
        }
        if !next.isEmpty { send(WriteBatch(next)) }
    }

    private func send(_ batch: WriteBatch) {
        // First, so that a connection that breaks in this moment finds it, and finds it not sent.
        batches.append(batch)
        for submission in batch.submissions {
            guard pipeline.isReady else { return }
            store.parameters.removeAll()
            let statement = submission.operation.statement(adding: &store.parameters)
            pipeline.send(statement, store.parameters)
        }
        guard pipeline.isReady else { return }
        batches.updateLast { batch in batch.isSent = true }
        pipeline.sendSync()
    }

    /// Answers what nobody should wait for any longer.
    func expire(now: UInt64) {
        var unsent: [Submission] = []
        waiting.updateEach { submission in
            guard !submission.isAnswered, submission.deadline <= now else { return }
            submission.isAnswered = true
            unsent.append(submission)
        }
        var sent: [Submission] = []
        batches.updateEach { batch in sent += batch.expire(now: now) }
        if pipeline.isReady, let oldest = batches.first?.submissions.first, oldest.isAnswered,
            oldest.deadline + 2_000_000_000 < now
        {
            pipeline.abandon("no answer from the database")
        }
        for submission in unsent { store.finished(submission, .failed(.unavailable)) }
        for submission in sent { store.finished(submission, .failed(.outcomeUnknown)) }
    }

    // MARK: PipelineClient

    var needsConnection: Bool { !waiting.isEmpty || store.isInUse }

    func reasonToRefuse(_ check: QueryResult) -> String? {
        Migrations.reasonToRefuse(check).map { "the schema cannot be used: \($0)" }
    }

    func pipelineBecameReady() {
        store.connected()
        loop.postpone(self)
    }

    func pipelineReceived(_ result: QueryResult) {
        batches.updateFirst { batch in batch.receive(result) }
    }

    func pipelineCommitFailed(_ error: PostgreSQLError) {
        batches.updateFirst { batch in batch.commitFailed(error) }
    }

    func pipelineSynced() {
        guard let batch = batches.popFirst() else { return }
        switch batch.verdict() {
        case .committed(let results):
            for (submission, result) in zip(batch.submissions, results) where !submission.isAnswered {
                store.finished(submission, .done(PostgreSQLTaskRows(result, isCounted: false)))
            }
        case .divided:
            for submission in batch.submissions {
                if pipeline.isReady { send(WriteBatch([submission])) } else { waiting.append(submission) }
            }
        case .refused(let error):
            store.observe(error)
            refused(batch.submissions[0], error)
        }
        if !waiting.isEmpty { loop.postpone(self) }
    }

    private func refused(_ submission: Submission, _ error: PostgreSQLError) {
        guard !submission.isAnswered else { return }
        switch error.family {
        case .conflict where submission.conflicts < 3:
            var again = submission
            again.conflicts += 1
            retrying.append(again)
            // A different moment for each worker, or they would meet again.
            loop.setTimer(self, at: loop.now + .random(in: 1_000_000...10_000_000))
        case .unknownStatement:
            // It was not run, so it may be run elsewhere.
            waiting.append(submission)
            pipeline.abandon("the session has lost its statements")
        default:
            store.finished(submission, .failed(TaskFailure(error)))
        }
    }

    override func timerFired() {
        for submission in retrying { submit(submission) }
        retrying.removeAll()
    }

    func pipelineLost(_ error: PostgreSQLError) {
        store.observe(lost: error)
        let unsent = waiting.removeAll()
        var unknown: [Submission] = []
        for batch in batches.removeAll() {
            for submission in batch.submissions where !submission.isAnswered {
                if batch.isSent, !submission.operation.action.isRepeatable {
                    unknown.append(submission)
                } else {
                    waiting.append(submission)
                }
            }
        }
        for submission in unsent { waiting.append(submission) }
        for submission in unknown { store.finished(submission, .failed(.outcomeUnknown)) }
    }
}
