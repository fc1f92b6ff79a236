internal import Base
internal import DequeModule
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A connection and its submissions in flight: a pipeline of groups, each one transaction between two syncs.
///
/// A read is answered when its result arrives, a write when its group is committed. When one write of a group fails,
/// the group is rolled back and each of its writes runs again alone, so that only the culprit gets its error.
final class Lane: EventSource, PipelineClient {
    /// The statements between two syncs.
    struct Group {
        /// The number of its submissions that are still in `sent`.
        var count = 0
        /// The number of those that have a result.
        var received = 0
        /// When its sync was sent, in nanoseconds of `Clock.monotonic`; nil while it can grow.
        var sentAt: UInt64?
        /// Why it is rolled back.
        var error: PostgreSQLError?
        /// The position of the submission that failed.
        var culprit: Int?
    }

    unowned let pool: LanePool
    let loop: EventLoop
    let pipeline: Pipeline<Lane>
    @safe @exclusivity(unchecked) var sent = Deque<Submission>()
    @safe @exclusivity(unchecked) var groups = Deque<Group>()
    /// Rows of the read that is received row by row, not yet delivered.
    var rows: [QueryResult] = []
    var rowBytes = 0
    /// Whether a part of that read's rows was delivered.
    var hasDeliveredPart = false
    /// Whether the session was read-only when it began.
    private(set) var isReadOnly = false
    private var isWrite: Bool { pool.policy.isWrite }

    init(_ pool: LanePool, to database: Database, on loop: EventLoop) {
        self.pool = pool
        self.loop = loop
        pipeline = Pipeline(
            to: database, statements: pool.policy.statements, checks: SessionChecks.all, on: loop)
        super.init()
        pipeline.client = self
    }

    /// When the oldest submission in flight was sent.
    var oldestSentAt: UInt64 { sent.first?.sentAt ?? .max }

    /// Whether a statement sent now would run soon: the oldest submission in flight was sent recently.
    var isResponsive: Bool {
        pipeline.probe()
        return pipeline.isReady && (sent.isEmpty || loop.now < sent[0].sentAt + 10_000_000)
    }

    /// Whether nothing is in flight and a group can be sent.
    var isIdle: Bool {
        guard groups.isEmpty else { return false }
        pipeline.probe()
        return pipeline.isReady
    }

    // MARK: Sending

    /// Adds a submission to the group of this turn.
    ///
    /// Only when the pipeline is ready.
    func send(_ submission: Submission) {
        if groups.last?.sentAt != nil || groups.isEmpty { groups.append(Group()) }
        // Before sending, so that it is requeued if the connection breaks during the call.
        sent.append(submission)
        sent[sent.count - 1].sentAt = loop.now
        groups[groups.count - 1].count += 1
        put(submission.operation, until: submission.deadline)
        if submission.isSuspect { endGroup() } else { loop.postpone(self) }
    }

    /// Puts an operation's statement into the pipeline.
    private func put(_ operation: TaskOperation, until deadline: UInt64) {
        let store = pool.store
        if pool.policy.boundsTime {
            store.parameters.removeAll()
            store.parameters.append(TaskStatements.statementTimeout(from: loop.now, until: deadline))
            pipeline.sendSetting(TaskStatements.setTimeout, store.parameters)
        }
        store.parameters.removeAll()
        let statement = operation.statement(firstPage: pool.policy.firstPage, adding: &store.parameters)
        pipeline.send(statement, store.parameters, rowByRow: pool.policy.boundsTime && operation.isUnbounded)
    }

    /// Sends submissions as one group.
    ///
    /// Only when the pipeline is ready.
    func send(group: [Submission]) {
        for submission in group { send(submission) }
        endGroup()
    }

    override func turnEnded() {
        endGroup()
    }

    /// Ends the current group with a sync.
    private func endGroup() {
        guard pipeline.isReady, let last = groups.last, last.sentAt == nil else { return }
        groups[groups.count - 1].sentAt = Clock.monotonic
        pipeline.sendSync()
    }

    // MARK: Receiving

    func pipelineReceived(_ result: QueryResult) {
        guard !groups.isEmpty else { return }
        if isWrite {
            receive(resultOfWrite: result)
        } else {
            receive(resultOfRead: result)
        }
    }

    private func receive(resultOfWrite result: QueryResult) {
        let position = groups[0].received
        groups[0].received += 1
        if case .failed(let error) = result.outcome {
            groups[0].error = error
            groups[0].culprit = position
        } else {
            sent[position].result = result
        }
    }

    private func receive(resultOfRead result: QueryResult) {
        if result.outcome == .row { return receive(row: result) }
        let submission = sent.removeFirst()
        groups[0].count -= 1
        pool.release(submission)
        let hadDeliveredPart = hasDeliveredPart
        let lastRows = takeRows()
        guard !submission.isAnswered else { return }
        switch result.outcome {
        case .rows, .row, .sync:
            let operation = submission.operation
            pool.finished(
                submission,
                lastRows.isEmpty
                    ? PostgreSQLTaskRows(result, of: operation) : PostgreSQLTaskRows(lastRows, of: operation))
        case .skipped:
            pool.requeue([submission])
        case .failed(let error) where hadDeliveredPart:
            pool.store.observe(error)
            pool.finished(submission, .unavailable)
        case .failed(let error):
            pool.refused([submission], error, on: self)
        }
    }

    func pipelineUndone(_ error: PostgreSQLError) {
        guard !groups.isEmpty else { return }
        groups[0].error = error
    }

    func pipelineSynced() {
        guard let group = groups.popFirst() else { return }
        if group.count > 0 { ended(group, Array(sent.prefix(group.count))) }
        pool.dispatchLater()
    }

    /// The transaction of a group of writes has ended.
    private func ended(_ group: Group, _ submissions: [Submission]) {
        sent.removeFirst(group.count)
        if let error = group.error, error.family != .readOnly, error.family != .unknownStatement, group.count > 1 {
            pool.store.measure?(.divided(writes: group.count))
            return divide(group, submissions)
        }
        for submission in submissions { pool.release(submission) }
        if let error = group.error {
            return pool.refused(submissions.filter { !$0.isAnswered }, error, on: self)
        }
        pool.store.measure?(.committed(writes: group.count, took: Clock.monotonic - (group.sentAt ?? 0)))
        for submission in submissions where !submission.isAnswered {
            guard let result = submission.result else { preconditionFailure("a committed write has its result") }
            pool.finished(submission, PostgreSQLTaskRows(result, of: submission.operation))
        }
    }

    /// Runs each write of a group again alone; the failed one last, since it may block again.
    private func divide(_ group: Group, _ submissions: [Submission]) {
        var order = Array(submissions.indices)
        if let culprit = group.culprit { order.append(order.remove(at: culprit)) }
        var kept: [Submission] = []
        for var submission in order.map({ submissions[$0] }) {
            submission.result = nil
            if submission.isAnswered {
                pool.release(submission)
            } else if pipeline.isReady {
                send(group: [submission])
            } else {
                pool.release(submission)
                kept.append(submission)
            }
        }
        pool.requeue(kept)
    }

    // MARK: PipelineClient

    var needsConnection: Bool { pool.needsConnections }

    func refusal(ofSessionBy check: Statement, _ result: QueryResult) -> PostgreSQLError? {
        guard check.name == SessionChecks.isReadOnly.name else { return SessionChecks.refusal(bySchema: result) }
        isReadOnly = result.boolean(row: 0, column: 0)
        return isReadOnly && isWrite ? SessionChecks.readOnlyRefusal : nil
    }

    func pipelineBecameReady() {
        pool.connected(isReadOnly: isReadOnly)
    }
}
