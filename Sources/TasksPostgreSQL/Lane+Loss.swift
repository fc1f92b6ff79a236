internal import DequeModule
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// What happens to submissions in flight when the connection breaks or a deadline passes.
extension Lane {
    /// The connection was lost: requeues what was certainly not executed; the outcome of the rest is unknown.
    func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge) {
        let (lostGroups, lost) = (groups, sent)
        groups.removeAll()
        sent.removeAll()
        let hadDeliveredPart = hasDeliveredPart
        _ = takeRows()
        var again: [Submission] = []
        var uncertain: [Submission] = []
        var broken: [Submission] = []
        var index = 0
        for (number, group) in lostGroups.enumerated() {
            let mayHaveCommitted = pool.policy.isWrite && group.mayHaveCommitted(knowledge, isOldest: number == 0)
            for position in 0..<group.count {
                var submission = lost[index]
                index += 1
                submission.result = nil
                pool.release(submission)
                guard !submission.isAnswered else { continue }
                if mayHaveCommitted {
                    uncertain.append(submission)
                } else if hadDeliveredPart, index == 1 {
                    broken.append(submission)
                } else {
                    // A read fails alone, a write with its whole group.
                    if number == 0, pool.policy.isWrite || position == 0 { submission.losses += 1 }
                    again.append(submission)
                }
            }
        }
        pool.lost(error, again: again, uncertain: uncertain)
        for submission in broken { pool.finished(submission, .unavailable) }
    }

    /// Answers submissions past their deadline; abandons a connection that has not answered within `grace` after it.
    func expire(now: UInt64) {
        var expired: [Submission] = []
        for index in sent.indices where !sent[index].isAnswered && sent[index].deadline <= now {
            sent[index].isAnswered = true
            expired.append(sent[index])
        }
        if pipeline.isReady, let oldest = sent.first, oldest.isAnswered, oldest.deadline + Self.grace < now {
            pipeline.abandon("no answer from the database")
        }
        for submission in expired { pool.finished(submission, pool.policy.isWrite ? .outcomeUnknown : .timedOut) }
    }

    /// How long a statement may take after its deadline, in nanoseconds.
    private static var grace: UInt64 { 2_000_000_000 }
}

extension Lane.Group {
    /// Whether its transaction may be committed although its result was not received.
    fileprivate func mayHaveCommitted(_ knowledge: LossKnowledge, isOldest: Bool) -> Bool {
        guard sentAt != nil, error == nil else { return false }
        return switch knowledge {
        case .noneCommitted: false
        case .onlyOldestMayHaveCommitted: isOldest
        case .eachMayHaveCommitted: true
        }
    }
}
