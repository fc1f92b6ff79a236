internal import DequeModule
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// What becomes of what is under way when the connection breaks or an asker's time is over.
extension Lane {
    /// The connection is gone: what surely was not done goes back to the pool, of the rest nobody knows.
    func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge) {
        let (lostGroups, lost) = (groups, sent)
        groups.removeAll()
        sent.removeAll()
        let hadDelivered = hasDelivered
        _ = takeRows()
        var again: [Submission] = []
        var uncertain: [Submission] = []
        var broken: [Submission] = []
        var index = 0
        for (number, group) in lostGroups.enumerated() {
            let mayBeCommitted = pool.policy.isWrite && group.mayBeCommitted(knowledge, isOldest: number == 0)
            for position in 0..<group.count {
                var submission = lost[index]
                index += 1
                submission.result = nil
                pool.release(submission)
                guard !submission.isAnswered else { continue }
                if mayBeCommitted {
                    uncertain.append(submission)
                } else if hadDelivered, index == 1 {
                    broken.append(submission)
                } else {
                    // A read fails alone; a write with all of its group.
                    if number == 0, pool.policy.isWrite || position == 0 { submission.losses += 1 }
                    again.append(submission)
                }
            }
        }
        pool.lost(error, again: again, uncertain: uncertain)
        for submission in broken { pool.finished(submission, .unavailable) }
    }

    /// Answers those whose time is over; gives the connection up when it has been silent for longer than that.
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

    /// How long a statement may take after its asker has gone, in nanoseconds.
    private static var grace: UInt64 { 2_000_000_000 }
}

extension Lane.Group {
    /// Whether its transaction may be committed, though its end was not seen.
    fileprivate func mayBeCommitted(_ knowledge: LossKnowledge, isOldest: Bool) -> Bool {
        guard sentAt != nil, error == nil else { return false }
        return switch knowledge {
        case .noneCommitted: false
        case .onlyOldestMayBeCommitted: isOldest
        case .eachMayBeCommitted: true
        }
    }
}
