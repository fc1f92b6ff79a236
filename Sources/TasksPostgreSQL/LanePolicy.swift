internal import PostgreSQL

/// How a pool of lanes handles its submissions.
struct LanePolicy: Sendable {
    /// When a statement is sent, and how many form a group between two syncs.
    enum Sending: Sendable {
        /// At once, also on a busy lane; the submissions of one turn of the loop form a group.
        case onArrival
        /// At the end of the turn, on an idle lane, in groups of limited size; an owner uses one lane at a time.
        case whenIdle(group: Int)
    }

    /// The statements that its sessions prepare.
    let statements: [Statement]
    let sending: Sending
    /// Whether it holds writes: answered when the transaction is committed, never repeated when it may have been
    /// committed, and never sent on a read-only session.
    let isWrite: Bool
    /// The statement for the first page of an owner's whole list; nil to run the list itself.
    var firstPage: Statement?
    /// Whether each statement has a timeout that ends at its deadline, and lists of any length are received row by row.
    var boundsTime = false
    /// The most waiting submissions of one owner and of all owners; further ones are refused.
    var waitingOfOwner = Int.max
    var waitingOfAll = Int.max

    /// Single tasks and short pages, which cost the server little.
    static let pages = LanePolicy(
        statements: TaskStatements.pages, sending: .onArrival, isWrite: false, firstPage: TaskStatements.firstPage)

    /// Lists of any length, searches, filters, deep offsets: the cost grows with the number of the owner's tasks.
    ///
    /// The limit per owner is the number that can be answered before their deadlines.
    static let heavyReads = LanePolicy(
        statements: TaskStatements.heavyReads, sending: .whenIdle(group: 1), isWrite: false,
        boundsTime: true, waitingOfOwner: 32, waitingOfAll: 512)

    /// Changes, with group commit: large enough groups to share a commit, small enough to be sent soon.
    static let writes = LanePolicy(
        statements: TaskStatements.writes, sending: .whenIdle(group: 64), isWrite: true)
}
