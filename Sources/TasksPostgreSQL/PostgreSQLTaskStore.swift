internal import Base
public import EventLoop
internal import PostgreSQL
public import Tasks

/// Tasks in PostgreSQL: a few connections in the loop, in three pools; short reads are pipelined at once, heavy reads run
/// one of an owner at a time, writes are committed in groups.
public final class PostgreSQLTaskStore: EventSource, TaskStore {
    /// Where the database is and how many connections one process holds.
    public struct Configuration: Sendable {
        /// A connection URI, as in the PostgreSQL manual's section 34.1.1.
        public var url: String
        /// For single tasks and pages: one is fastest, a second takes over where one is slow or lost.
        public var readConnections = 2
        /// For long lists and searches; made when the first is needed.
        public var heavyReadConnections = 2
        /// Each carries one batch at a time; the more are used, the longer commits take.
        public var writeConnections = 4
        /// What the server's list of sessions calls this process, unless the URL says otherwise.
        public var applicationName = "todo-fcgi"

        /// The defaults for a database.
        public init(url: String) {
            self.url = url
        }
    }

    /// What the store has to tell an operator.
    public enum Observation: Sendable {
        /// A connection was made and can be used.
        case connected
        /// A connection was lost, or could not be made.
        case lost(String)
        /// A statement was refused.
        case refused(String)
    }

    /// Why the database cannot be used, as far as strangers may know.
    public enum Trouble: Equatable, Sendable {
        /// No answer from it, or none that helps.
        case unreachable
        /// It does not let the worker in.
        case loginRefused
        /// The schema is not there, or of another version.
        case schemaUnusable
        /// It takes no writes.
        case readOnly
    }

    /// What happens too often to be told: for counters.
    public enum Measurement: Sendable {
        /// A group of writes was committed; nanoseconds from its sending to the server's word.
        case committed(writes: Int, took: UInt64)
        /// A group failed because of one of its writes, and each is run again alone.
        case divided(writes: Int)
    }

    /// Where every result goes, exactly once a ticket, after the parts of a long list; never from within `submit`.
    public var receive: ((Ticket, TaskResult<PostgreSQLTaskRows>) -> Void)?
    /// Where observations go.
    public var observe: ((Observation) -> Void)?
    /// Where measurements go; called on the path of every write.
    public var measure: ((Measurement) -> Void)?

    /// The parameters of the statement that is being sent; one list for all lanes.
    @safe @exclusivity(unchecked) var parameters = Parameters()
    /// One for all lanes, so that its hosts are looked up once.
    let database: Database
    private let loop: EventLoop
    /// Set once, at the end of `init`, since they refer back to the store.
    private(set) var pages: LanePool?
    private(set) var heavyReads: LanePool?
    private(set) var writes: LanePool?
    private var outstanding = 0
    /// When the last operation came, in nanoseconds of `Clock.monotonic`.
    var lastSubmission: UInt64 = 0

    /// Prepares the connections; `connect` makes them.
    public init(_ configuration: Configuration, on loop: EventLoop) {
        self.loop = loop
        database = Database(url: configuration.url, applicationName: configuration.applicationName, on: loop)
        super.init()
        pages = LanePool(store: self, .pages, connections: configuration.readConnections, on: loop)
        heavyReads = LanePool(store: self, .heavyReads, connections: configuration.heavyReadConnections, on: loop)
        writes = LanePool(store: self, .writes, connections: configuration.writeConnections, on: loop)
    }

    /// Begins to connect, so that the first request does not have to.
    public func connect() {
        lastSubmission = loop.now
        pages?.connect()
        writes?.connect()
    }

    /// Takes an operation on; its result follows under the same ticket.
    ///
    /// - Parameter deadline: in nanoseconds of `Clock.monotonic`; exceeded by a tenth of a second at most, unless a long
    ///   list has begun to arrive.
    public func submit(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64) {
        lastSubmission = loop.now
        if outstanding == 0 { loop.setTimer(self, at: loop.now + Self.tick) }
        outstanding += 1
        pool(operation.weight)?.submit(Submission(operation, ticket: ticket, deadline: deadline))
    }

    private func pool(_ weight: TaskOperation.Weight) -> LanePool? {
        switch weight {
        case .page: pages
        case .heavyRead: heavyReads
        case .write: writes
        }
    }

    // MARK: Long lists

    /// Holds back a list of which parts were given, until `resume`: its asker cannot take more for now.
    ///
    /// Does nothing for a ticket that has its result.
    public func pause(_ ticket: Ticket) {
        heavyReads?.lanes.first { $0.isReceiving(ticket) }?.pipeline.pause()
    }

    /// Goes on with a list that was held back.
    public func resume(_ ticket: Ticket) {
        heavyReads?.lanes.first { $0.isReceiving(ticket) }?.pipeline.resume()
    }

    // MARK: Time

    /// How often time is looked at while something is under way, and in the minute after, in nanoseconds.
    private static var tick: UInt64 { 100_000_000 }
    private static var idleTick: UInt64 { 1_000_000_000 }

    var pools: [LanePool] { [pages, heavyReads, writes].compactMap { $0 } }

    /// Answers what has waited for too long, and leaves servers that have become read-only.
    public override func timerFired() {
        for pool in pools {
            pool.expire(now: loop.now)
            if !pool.policy.isWrite { pool.leaveSessionsThatBecameReadOnly(atServersWord: true) }
        }
        if isInUse { loop.setTimer(self, at: loop.now + (outstanding > 0 ? Self.tick : Self.idleTick)) }
    }

    // MARK: What the pools report

    /// Whether there was work in the last minute: only then a lost connection is made again unasked, so that a
    /// database that goes to sleep when nobody needs it can.
    var isInUse: Bool { outstanding > 0 || loop.now < lastSubmission + 60_000_000_000 }

    /// An operation was done; the list of all may have been longer than a page.
    func finished(_ submission: Submission, _ rows: PostgreSQLTaskRows, in pool: LanePool) {
        if let change = submission.lookedFor, change != submission.operation.action, !rows.shows(change) {
            return finished(submission, .failed(.outcomeUnknown))
        }
        if pool === pages, rows.count > Int(TaskStatements.pageLength), submission.operation.isUnbounded {
            heavyReads?.submit(submission)
            return
        }
        finished(submission, .done(rows))
    }

    func finished(_ submission: Submission, _ result: TaskResult<PostgreSQLTaskRows>) {
        outstanding -= 1
        var result = result
        // Whatever kept a look from its answer: of the change nothing is known.
        if submission.lookedFor != nil, case .failed = result { result = .failed(.outcomeUnknown) }
        receive?(submission.ticket, result)
    }

    /// A write may or may not be committed: looks for its effect, where that can be seen.
    func resolve(_ submission: Submission) {
        guard let look = submission.look() else { return finished(submission, .failed(.outcomeUnknown)) }
        pool(look.operation.weight)?.submit(look)
    }

    func connected(isWritable: Bool) {
        if isWritable {
            pages?.leaveReadOnlySessions()
            heavyReads?.leaveReadOnlySessions()
        }
        observe?(.connected)
    }

    /// A write met a server that takes none any more: sessions for reads may belong to it as well.
    func becameReadOnly() {
        pages?.leaveSessionsThatBecameReadOnly(atServersWord: false)
        heavyReads?.leaveSessionsThatBecameReadOnly(atServersWord: false)
    }

    func observe(lost error: PostgreSQLError) {
        let isMissing = error.sqlState?.code == "42P01" || error.sqlState?.code == "3F000"
        observe?(.lost(isMissing ? "the schema is not there: run todo-fcgi migrate" : error.description))
    }

    func observe(_ error: PostgreSQLError) {
        observe?(.refused(error.description))
    }
}
