internal import DequeModule
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A list of any length passes in parts, so that a worker never holds it whole.
extension Lane {
    /// How many bytes of texts and fixed columns make a part: enough to be worth a write to the web server.
    private static var partSize: Int { 48 << 10 }

    /// The next row of the read that is under way.
    func receive(row: QueryResult) {
        guard let submission = sent.first, !submission.isAnswered else { return }
        // One is always kept, so that the last part is never empty: its rows carry the number of all that match.
        guard rowBytes >= Self.partSize else { return keep(row) }
        let part = takeRows(isLast: false)
        keep(row)
        // While parts are taken there is progress, and what bounds it is the statement's own time.
        sent[0].deadline = max(submission.deadline, loop.now + Self.patience)
        pool.deliver(part, of: submission)
    }

    private func keep(_ row: QueryResult) {
        rows.append(row)
        rowBytes += 128 + row.bytes(row: 0, column: 1).count + row.bytes(row: 0, column: 2).count
    }

    /// How long a list that has begun may stand still, in nanoseconds.
    private static var patience: UInt64 { 30_000_000_000 }

    /// Takes the rows that were kept.
    func takeRows(isLast: Bool = true) -> [QueryResult] {
        defer {
            rows.removeAll(keepingCapacity: true)
            rowBytes = 0
            hasDelivered = !isLast
        }
        return rows
    }

    /// Whether this operation's rows are received here now.
    func isReceiving(_ ticket: Ticket) -> Bool {
        sent.first?.ticket == ticket
    }
}
