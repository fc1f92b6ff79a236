internal import PostgreSQL
internal import Tasks

/// Writes that share a transaction: committed together or not at all.
struct WriteBatch {
    /// What becomes of a batch once its transaction is over.
    enum Verdict {
        /// All is committed; a result for each submission.
        case committed([QueryResult])
        /// All is undone, and one of several is to blame: each is to be run again, alone.
        case divided
        /// The only one was refused; nothing is done.
        case refused(PostgreSQLError)
    }

    /// In the order of their owners: batches of all workers take the owners' rows in one order and cannot wait for
    /// each other in a circle.
    private(set) var submissions: [Submission]
    /// Its sync is on its way: from here on it may be committed without our knowing.
    var isSent = false
    /// When that was, in nanoseconds of `Clock.monotonic`.
    var sentAt: UInt64 = 0
    private var results: [QueryResult] = []
    private var error: PostgreSQLError?

    init(_ submissions: [Submission]) {
        // By bytes: `String`'s own order takes different spellings of a character for one. The sort is stable, so one
        // owner's writes keep their order.
        self.submissions = submissions.sorted {
            $0.operation.owner.utf8.lexicographicallyPrecedes($1.operation.owner.utf8)
        }
    }

    /// Takes the next submission's result.
    mutating func receive(_ result: QueryResult) {
        switch result.outcome {
        case .failed(let error): self.error = error
        case .rows, .skipped, .sync: results.append(result)
        }
    }

    /// The transaction could not be committed.
    mutating func commitFailed(_ error: PostgreSQLError) {
        self.error = error
    }

    /// The transaction is over.
    func verdict() -> Verdict {
        if let error { return submissions.count > 1 ? .divided : .refused(error) }
        precondition(results.count == submissions.count)
        return .committed(results)
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
