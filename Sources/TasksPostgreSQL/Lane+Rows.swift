internal import DequeModule
internal import EventLoop
internal import PostgreSQL
internal import Tasks

/// A list of any length is delivered in parts, so that a worker never holds all of it.
extension Lane {
    /// The bytes of texts and fixed columns in a part: enough to be worth a write to the web server.
    private static var partSize: Int { 48 << 10 }

    /// Receives the next row of the current read.
    func receive(row: QueryResult) {
        guard let submission = sent.first, !submission.isAnswered else { return }
        // One row is always kept, so that the last part is never empty: its rows contain the total.
        guard rowBytes >= Self.partSize else { return keep(row) }
        let part = takeRows(isLast: false)
        keep(row)
        // While parts are taken there is progress, and the statement's own timeout bounds the whole.
        sent[0].deadline = max(submission.deadline, loop.now + Self.progressTimeout)
        pool.deliver(part, of: submission)
    }

    private func keep(_ row: QueryResult) {
        rows.append(row)
        rowBytes += 128 + row.bytes(row: 0, column: 1).count + row.bytes(row: 0, column: 2).count
    }

    /// The longest time between two parts of a list, in nanoseconds.
    private static var progressTimeout: UInt64 { 30_000_000_000 }

    /// Returns the kept rows and clears them.
    func takeRows(isLast: Bool = true) -> [QueryResult] {
        defer {
            rows.removeAll(keepingCapacity: true)
            rowBytes = 0
            hasDeliveredPart = !isLast
        }
        return rows
    }

    /// Whether this lane is receiving this operation's rows.
    func isReceiving(_ ticket: Ticket) -> Bool {
        sent.first?.ticket == ticket
    }
}
