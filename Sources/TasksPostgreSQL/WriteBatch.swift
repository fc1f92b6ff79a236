internal import Base
internal import Glibc
internal import PostgreSQL
internal import Tasks

/// Writes that share a transaction: committed together or not at all.
struct WriteBatch {
    /// What becomes of a batch once its transaction is over.
    enum Verdict {
        /// All is committed; a result for each submission.
        case committed([QueryResult])
        /// All is undone: one was refused, or the commit.
        case undone(PostgreSQLError)
    }

    /// In the order of their owners: batches of all workers take the owners' rows in one order and cannot wait for
    /// each other in a circle.
    private(set) var submissions: [Submission]
    /// Its sync is on its way.
    var isSent = false
    /// When that was, in nanoseconds of `Clock.monotonic`.
    var sentAt: UInt64 = 0
    private var results: [QueryResult] = []
    private var error: PostgreSQLError?
    /// Which one was refused.
    private var culprit: Int?

    /// Whether it may be committed without our knowing.
    var mayBeDone: Bool { isSent && error == nil }

    init(_ submissions: [Submission]) {
        // By bytes: `String`'s own order takes different spellings of a character for one. The sort is stable, so one
        // owner's writes keep their order.
        self.submissions = submissions.sorted { $0.operation.owner.hasBytesBefore($1.operation.owner) }
    }

    /// Takes the next submission's result.
    mutating func receive(_ result: QueryResult) {
        switch result.outcome {
        case .failed(let error):
            self.error = error
            culprit = results.count
        case .rows, .skipped, .sync: results.append(result)
        }
    }

    /// The transaction was undone as a whole.
    mutating func undo(_ error: PostgreSQLError) {
        self.error = error
    }

    /// The transaction is over.
    func verdict() -> Verdict {
        if let error { return .undone(error) }
        precondition(results.count == submissions.count)
        return .committed(results)
    }

    /// What is to be run again after it was undone: the one that was refused comes last, because it may well wait for
    /// something once more.
    var unanswered: [Submission] {
        var order = Array(submissions.indices)
        if let culprit { order.append(order.remove(at: culprit)) }
        return order.map { submissions[$0] }.filter { !$0.isAnswered }
    }

    /// Answers nobody twice: marks those whose deadline has passed and gives them back.
    mutating func expire(now: UInt64) -> [Submission] {
        var expired: [Submission] = []
        for index in submissions.indices where !submissions[index].isAnswered && submissions[index].deadline <= now {
            submissions[index].isAnswered = true
            expired.append(submissions[index])
        }
        return expired
    }
}

extension String {
    /// Whether its UTF-8 bytes come before another's, in the order of a dictionary.
    ///
    /// The corresponding C function is `memcmp`.
    fileprivate func hasBytesBefore(_ other: String) -> Bool {
        let left = utf8Span.span
        let right = other.utf8Span.span
        let order = unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return Int32(0) }
                return unsafe memcmp(first, second, min(left.count, right.count))
            }
        }
        return order == 0 ? left.count < right.count : order < 0
    }
}
