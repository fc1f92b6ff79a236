internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// Chooses the connection for each read; without one, reads wait for the first that comes.
final class ReadQueue {
    private unowned let store: PostgreSQLTaskStore
    private var lanes: [ReadLane] = []
    private var waiting = Queue<Submission>()

    init(store: PostgreSQLTaskStore, _ configuration: PostgreSQLTaskStore.Configuration, on loop: EventLoop) {
        self.store = store
        lanes = (0..<configuration.readConnections).map { _ in
            ReadLane(store: store, queue: self, url: configuration.url, on: loop)
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
        if let lane = lanes.first(where: \.isResponsive) { return lane.send(submission) }
        // All of them: one that was lost while nobody needed it is needed now.
        connect()
        let ready = lanes.filter(\.isReady)
        // Whatever is slow on the one where something was begun last, it has been for the shortest time.
        if let lane = ready.max(by: { $0.oldestSentAt < $1.oldestSentAt }) { return lane.send(submission) }
        waiting.append(submission)
    }

    /// Takes what was sent to no avail, and what waits, to a connection that works.
    func resume(_ submissions: [Submission] = []) {
        let later = waiting.removeAll()
        for submission in submissions + later where !submission.isAnswered { submit(submission) }
    }

    /// Answers what nobody should wait for any longer.
    func expire(now: UInt64) {
        var expired: [Submission] = []
        waiting.updateEach { submission in
            guard !submission.isAnswered, submission.deadline <= now else { return }
            submission.isAnswered = true
            expired.append(submission)
        }
        for submission in expired { store.finished(submission, .failed(.timedOut)) }
        for lane in lanes { lane.expire(now: now) }
    }
}
