internal import PostgreSQL

/// How a pool of lanes treats what it is given.
struct LanePolicy: Sendable {
    /// When a statement is sent, and how many form a group between two syncs.
    enum Sending: Sendable {
        /// At once, whatever is under way; all of a turn of the loop are one group.
        case onArrival
        /// At the end of the turn, on an idle lane, in groups of at most so many; one owner is on one lane at a time.
        case whenIdle(group: Int)
    }

    /// The statements that its sessions prepare.
    let statements: [Statement]
    let sending: Sending
    /// Whether it changes something: answered when its transaction is committed, never sent again when it may have
    /// been, and on no read-only session.
    let isWrite: Bool
    /// What it runs first for the list of all that an owner has; nil for the list itself.
    var firstPage: Statement?
    /// Whether each statement may take the server as long as its asker waits, and lists of any length are received row
    /// by row.
    var boundsTime = false
    /// How many may wait, of one owner and of all; one more is refused.
    var waitingOfOwner = Int.max
    var waitingOfAll = Int.max

    /// Single tasks and short pages: each costs the server less than sending it.
    static let pages = LanePolicy(
        statements: TaskStatements.pages, sending: .onArrival, isWrite: false, firstPage: TaskStatements.firstPage)

    /// Lists of any length, searches, filters, deep offsets: the cost grows with what the owner has.
    ///
    /// So many wait of an owner at most as can be answered before their askers give up.
    static let heavyReads = LanePolicy(
        statements: TaskStatements.heavyReads, sending: .whenIdle(group: 1), isWrite: false,
        boundsTime: true, waitingOfOwner: 32, waitingOfAll: 512)

    /// Changes, with group commit: enough for a group to share its commit, few enough to be sent soon.
    static let writes = LanePolicy(
        statements: TaskStatements.writes, sending: .whenIdle(group: 64), isWrite: true)
}
