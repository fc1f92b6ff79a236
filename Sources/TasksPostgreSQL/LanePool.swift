internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// The lanes of one policy: chooses a lane for each submission, and queues those that wait for one.
final class LanePool: EventSource {
    unowned let store: PostgreSQLTaskStore
    let policy: LanePolicy
    private let loop: EventLoop
    @safe @exclusivity(unchecked) private(set) var lanes: [Lane] = []
    private var waiting = FairQueue()
    /// Submissions that failed with a conflict, until the timer fires.
    private var retrying: [Submission] = []
    /// Submissions to refuse at the end of this turn, since `submit` must not answer by itself.
    private var refused: [Submission] = []
    private var lastTrouble: PostgreSQLTaskStore.Trouble?

    init(store: PostgreSQLTaskStore, _ policy: LanePolicy, connections: Int, on loop: EventLoop) {
        self.store = store
        self.policy = policy
        self.loop = loop
        super.init()
        lanes = (0..<connections).map { _ in Lane(self, to: store.database, on: loop) }
    }

    func connect() {
        for lane in lanes { lane.pipeline.connect() }
    }

    // MARK: Taking and sending

    /// Accepts a submission.
    func submit(_ submission: Submission) {
        if case .onArrival = policy.sending, waiting.isEmpty, let lane = laneForNow() { return lane.send(submission) }
        let owner = submission.operation.owner
        if waiting.count >= policy.waitingOfAll || waiting.count(of: owner) >= policy.waitingOfOwner {
            refused.append(submission)
        } else {
            waiting.append(submission)
        }
        dispatchLater()
    }

    /// Puts submissions that were not executed back at the front of the queue.
    func requeue(_ submissions: [Submission]) {
        guard !submissions.isEmpty else { return }
        for submission in submissions where submission.hasExhaustedRetries { finished(submission, .unavailable) }
        waiting.prepend(submissions.filter { !$0.hasExhaustedRetries })
        dispatchLater()
    }

    /// Sends waiting submissions at the end of this turn, as far as lanes are available.
    func dispatchLater() {
        loop.postpone(self)
    }

    override func turnEnded() {
        let overload = refused
        refused.removeAll()
        for submission in overload { finished(submission, .overloaded) }
        while !waiting.isEmpty {
            switch policy.sending {
            case .onArrival:
                guard let lane = laneForNow(), let next = waiting.takeGroup(atMost: 1).first else { return connect() }
                waiting.release(next)
                lane.send(next)
            case .whenIdle(let limit):
                guard let lane = lanes.first(where: \.isIdle) else { return connect() }
                let group = waiting.takeGroup(atMost: limit)
                // All waiting owners have submissions in flight.
                if group.isEmpty { return }
                lane.send(group: group.inOrderOfOwners)
            }
        }
    }

    /// The lane for a submission that is sent at once; nil when no lane is connected.
    private func laneForNow() -> Lane? {
        if let lane = lanes.first(where: \.isResponsive) { return lane }
        // All lanes: one that was lost while it was not needed is needed now.
        connect()
        // The lane whose oldest submission was sent last has been blocked for the shortest time.
        return lanes.filter(\.pipeline.isReady).max { $0.oldestSentAt < $1.oldestSentAt }
    }

    // MARK: What lanes report

    /// Whether to reconnect lost connections at once.
    var needsConnections: Bool { !waiting.isEmpty || store.isInUse }

    func connected(isReadOnly: Bool) {
        lastTrouble = nil
        store.connected(isWritable: policy.isWrite && !isReadOnly)
        dispatchLater()
    }

    /// A submission is no longer in flight; it is answered or requeued next.
    func release(_ submission: Submission) {
        waiting.release(submission)
    }

    /// A submission was executed.
    func finished(_ submission: Submission, _ rows: PostgreSQLTaskRows) {
        store.finished(submission, rows, in: self)
    }

    func finished(_ submission: Submission, _ failure: TaskFailure) {
        store.finished(submission, .failed(failure))
    }

    /// A part of a list arrived; more follow.
    func deliver(_ part: [QueryResult], of submission: Submission) {
        store.receive?(submission.ticket, .part(PostgreSQLTaskRows(part, of: submission.operation)))
    }

    /// The server refused statements; their transaction is rolled back.
    func refused(_ submissions: [Submission], _ error: PostgreSQLError, on lane: Lane) {
        store.observe(error)
        if error.family == .readOnly {
            lane.pipeline.abandon("the session has become read-only")
            store.becameReadOnly()
        } else if error.family == .unknownStatement {
            lane.pipeline.abandon("the session no longer has its prepared statements")
        }
        var again: [Submission] = []
        for var submission in submissions {
            switch error.family {
            case .conflict where submission.conflicts < 3:
                submission.conflicts += 1
                retry(submission)
            case .unknownStatement where submission.unknownStatements < 2:
                submission.unknownStatements += 1
                again.append(submission)
            case .readOnly where submission.readOnlyTries < 1:
                submission.readOnlyTries += 1
                again.append(submission)
            default:
                finished(submission, TaskFailure(error))
            }
        }
        requeue(again)
    }

    /// Sends a submission again after a short delay.
    private func retry(_ submission: Submission) {
        retrying.append(submission)
        // Set once for all that follow, or they could postpone it without end; random, or the workers would conflict
        // again.
        if retrying.count == 1 { loop.setTimer(self, at: loop.now + .random(in: 1_000_000...10_000_000)) }
    }

    override func timerFired() {
        let submissions = retrying
        retrying.removeAll()
        requeue(submissions)
    }

    /// A lane lost its connection, or could not make one.
    ///
    /// - Parameters:
    ///   - again: submissions that were certainly not executed.
    ///   - uncertain: writes that may have been committed.
    func lost(_ error: PostgreSQLError, again: [Submission], uncertain: [Submission]) {
        lastTrouble = PostgreSQLTaskStore.Trouble(error)
        store.observe(lost: error)
        requeue(again)
        for submission in uncertain { store.resolve(submission) }
        if error.family == .readOnly { refuseWaitingWrites() }
    }

    /// Each waiting write tries a read-only server twice, then it fails.
    private func refuseWaitingWrites() {
        let told = waiting.remove { submission in
            submission.readOnlyTries += 1
            return submission.readOnlyTries >= 2
        }
        for submission in told { finished(submission, .readOnly) }
    }

    // MARK: Time and state

    /// Answers submissions past their deadline.
    func expire(now: UInt64) {
        for submission in waiting.remove(where: { $0.deadline <= now }) {
            finished(submission, policy.isWrite ? .unavailable : .timedOut)
        }
        for lane in lanes { lane.expire(now: now) }
    }

    /// Why no lane can connect; nil when one can, as far as is known.
    var trouble: PostgreSQLTaskStore.Trouble? {
        lanes.allSatisfy(\.pipeline.isBroken) ? lastTrouble ?? .unreachable : nil
    }

    /// Whether there was ever a connection.
    var hasConnected: Bool { lanes.contains { $0.pipeline.connectCount > 0 } }

    /// Abandons read-only sessions when a writable server was found.
    func abandonReadOnlySessions() {
        for lane in lanes where lane.isReadOnly && lane.pipeline.isReady {
            lane.pipeline.abandon("the session is read-only, and another server is writable")
        }
    }

    /// Abandons sessions whose server has become read-only since they began: another server may be writable.
    func abandonSessionsThatBecameReadOnly(onlyIfReported: Bool) {
        for lane in lanes where !lane.isReadOnly && lane.pipeline.isReady {
            guard !onlyIfReported || lane.pipeline.isReportedReadOnly else { continue }
            lane.pipeline.abandon("the server has become read-only")
        }
    }
}

extension [Submission] {
    /// Sorted by the owners' bytes: the groups of all workers lock the owners' rows in one order and cannot deadlock.
    ///
    /// By bytes, since `String` compares canonically equivalent texts as equal. The sort is stable, so that an owner's
    /// submissions keep their order.
    fileprivate var inOrderOfOwners: [Submission] {
        count < 2 ? self : sorted { $0.operation.owner.hasBytesBefore($1.operation.owner) }
    }
}
