internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// Writes that wait for a connection; at the end of a turn they leave together for one that is idle.
///
/// So there is one batch while the disk is fast and the load is light, and more of them under way, on more
/// connections, when commits take long.
final class WriteQueue: EventSource {
    private unowned let store: PostgreSQLTaskStore
    private let loop: EventLoop
    private var lanes: [WriteLane] = []
    private var waiting = Queue<Submission>()
    /// Those that gave way to another transaction, until the timer goes off.
    private var retrying: [Submission] = []

    /// Long enough to share a commit, short enough to be sent before the first is needed.
    private static var maximumBatch: Int { 64 }

    init(store: PostgreSQLTaskStore, _ configuration: PostgreSQLTaskStore.Configuration, on loop: EventLoop) {
        self.store = store
        self.loop = loop
        super.init()
        lanes = (0..<configuration.writeConnections).map { _ in
            WriteLane(store: store, queue: self, url: configuration.url, on: loop)
        }
    }

    /// Whether no connection can be had.
    var isBroken: Bool { lanes.allSatisfy(\.isBroken) }

    /// Whether something waits for a connection.
    var isEmpty: Bool { waiting.isEmpty }

    func connect() {
        for lane in lanes { lane.connect() }
    }

    func submit(_ submission: Submission) {
        waiting.append(submission)
        loop.postpone(self)
    }

    /// Takes back what was not run, to be run before what came later.
    func takeBack(_ submissions: [Submission]) {
        let later = waiting.removeAll()
        for submission in submissions + later { waiting.append(submission) }
        loop.postpone(self)
    }

    /// Runs it again after a moment, a different one for each worker, or they would meet again.
    func retry(_ submission: Submission) {
        retrying.append(submission)
        // Once for all that come meanwhile, or they could put it off without end.
        guard retrying.count == 1 else { return }
        loop.setTimer(self, at: loop.now + .random(in: 1_000_000...10_000_000))
    }

    override func timerFired() {
        takeBack(retrying)
        retrying.removeAll()
    }

    override func turnEnded() {
        while !waiting.isEmpty {
            guard let lane = lanes.first(where: \.isIdle) else { break }
            var batch: [Submission] = []
            while batch.count < Self.maximumBatch, let submission = waiting.popFirst() {
                if !submission.isAnswered { batch.append(submission) }
            }
            if !batch.isEmpty { lane.run(WriteBatch(batch)) }
        }
        if !waiting.isEmpty { connect() }
    }

    /// Answers what nobody should wait for any longer.
    func expire(now: UInt64) {
        var expired: [Submission] = []
        waiting.updateEach { submission in
            guard !submission.isAnswered, submission.deadline <= now else { return }
            submission.isAnswered = true
            expired.append(submission)
        }
        for submission in expired { store.finished(submission, .failed(submission.failure(.unavailable))) }
        for lane in lanes { lane.expire(now: now) }
    }
}
