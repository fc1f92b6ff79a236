internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// The lanes of one policy: chooses a lane for each submission, and keeps what waits for one.
final class LanePool: EventSource {
    unowned let store: PostgreSQLTaskStore
    let policy: LanePolicy
    private let loop: EventLoop
    @safe @exclusivity(unchecked) private(set) var lanes: [Lane] = []
    private var waiting = OwnerTurns()
    /// Those that gave way to another transaction, until the timer goes off.
    private var retrying: [Submission] = []
    /// Those that are refused at the end of this turn, since nothing is answered within `submit`.
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

    /// Takes a submission on.
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

    /// Puts back what was not done, to be sent before what came later.
    func takeBack(_ submissions: [Submission]) {
        guard !submissions.isEmpty else { return }
        for submission in submissions where submission.isHopeless { finished(submission, .unavailable) }
        waiting.prepend(submissions.filter { !$0.isHopeless })
        dispatchLater()
    }

    /// Sends what waits at the end of this turn, as far as lanes can take it.
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
                // All owners that wait have something under way.
                if group.isEmpty { return }
                lane.send(group: group.inOrderOfOwners)
            }
        }
    }

    /// The lane for what is sent at once; nil where there is no connection.
    private func laneForNow() -> Lane? {
        if let lane = lanes.first(where: \.isResponsive) { return lane }
        // All of them: one that was lost while nobody needed it is needed now.
        connect()
        // Whatever is slow on the one where something was begun last, it has been for the shortest time.
        return lanes.filter(\.pipeline.isReady).max { $0.oldestSentAt < $1.oldestSentAt }
    }

    // MARK: What lanes report

    /// Whether a lost connection should be made again at once.
    var needsConnections: Bool { !waiting.isEmpty || store.isInUse }

    func connected(isReadOnly: Bool) {
        lastTrouble = nil
        store.connected(isWritable: policy.isWrite && !isReadOnly)
        dispatchLater()
    }

    /// A submission is not under way any more; an answer, or its return, follows.
    func release(_ submission: Submission) {
        waiting.release(submission)
    }

    /// A submission was done.
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

    /// The server refused statements; their transaction is undone.
    func refused(_ submissions: [Submission], _ error: PostgreSQLError, on lane: Lane) {
        store.observe(error)
        if error.family == .readOnly {
            lane.pipeline.abandon("the session takes no writes any more")
            store.becameReadOnly()
        } else if error.family == .unknownStatement {
            lane.pipeline.abandon("the session has lost its statements")
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
        takeBack(again)
    }

    /// Sends it again after a moment.
    private func retry(_ submission: Submission) {
        retrying.append(submission)
        // Once for all that come meanwhile, or they could put it off without end; and not the same for each worker, or
        // they would meet again.
        if retrying.count == 1 { loop.setTimer(self, at: loop.now + .random(in: 1_000_000...10_000_000)) }
    }

    override func timerFired() {
        let submissions = retrying
        retrying.removeAll()
        takeBack(submissions)
    }

    /// A lane lost its connection, or could not make one.
    ///
    /// - Parameters:
    ///   - again: what surely was not done.
    ///   - uncertain: writes that may have been committed.
    func lost(_ error: PostgreSQLError, again: [Submission], uncertain: [Submission]) {
        lastTrouble = PostgreSQLTaskStore.Trouble(error)
        store.observe(lost: error)
        takeBack(again)
        for submission in uncertain { store.resolve(submission) }
        if error.family == .readOnly { refuseWaitingWrites() }
    }

    /// A server that takes no writes is tried twice for each; then the asker is told.
    private func refuseWaitingWrites() {
        let told = waiting.remove { submission in
            submission.readOnlyTries += 1
            return submission.readOnlyTries >= 2
        }
        for submission in told { finished(submission, .readOnly) }
    }

    // MARK: Time and state

    /// Answers those whose time is over.
    func expire(now: UInt64) {
        for submission in waiting.remove(where: { $0.deadline <= now }) {
            finished(submission, policy.isWrite ? .unavailable : .timedOut)
        }
        for lane in lanes { lane.expire(now: now) }
    }

    /// Why no connection can be had; nil when one can, as far as is known.
    var trouble: PostgreSQLTaskStore.Trouble? {
        lanes.allSatisfy(\.pipeline.isBroken) ? lastTrouble ?? .unreachable : nil
    }

    /// Whether there was ever a connection.
    var hasConnected: Bool { lanes.contains { $0.pipeline.connectCount > 0 } }

    /// Gives up sessions that can only read, where others can be had.
    func leaveReadOnlySessions() {
        for lane in lanes where lane.isReadOnly && lane.pipeline.isReady {
            lane.pipeline.abandon("the session is read-only, and another server takes writes")
        }
    }

    /// Gives up sessions whose server has become read-only since they began: there may be another one now.
    func leaveSessionsThatBecameReadOnly(atServersWord: Bool) {
        for lane in lanes where !lane.isReadOnly && lane.pipeline.isReady {
            guard !atServersWord || lane.pipeline.isReportedReadOnly else { continue }
            lane.pipeline.abandon("the server takes no writes any more")
        }
    }
}

extension [Submission] {
    /// Sorted by their owners' bytes: groups of all workers take the owners' rows in one order and cannot wait for each
    /// other in a circle.
    ///
    /// By bytes, since `String`'s own order takes different spellings of a character for one. The sort is stable, so one
    /// owner's keep their order.
    fileprivate var inOrderOfOwners: [Submission] {
        count < 2 ? self : sorted { $0.operation.owner.hasBytesBefore($1.operation.owner) }
    }
}
