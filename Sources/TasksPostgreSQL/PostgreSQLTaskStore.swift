internal import Base
public import EventLoop
internal import PostgreSQL
public import Tasks

/// Tasks in PostgreSQL: a few connections in the loop, in three pools; short reads are pipelined at once, heavy reads
/// run one at a time per owner, writes are committed in groups.
public final class PostgreSQLTaskStore: EventSource, TaskStore {
    /// Where the database is and how many connections one process holds.
    public struct Configuration: Sendable {
        /// A connection URI, as in the PostgreSQL manual's section 34.1.1.
        public var url: String
        /// For single tasks and pages: one is fastest, a second takes over when the first is slow or lost.
        public var readConnections = 2
        /// For long lists and searches; made for the first such read.
        public var heavyReadConnections = 2
        /// Each carries one group at a time; with more connections, commits take longer.
        public var writeConnections = 4
        /// The `application_name` of the sessions, unless the URL has one.
        public var applicationName = "todo-fcgi"

        /// The defaults for a database.
        public init(url: String) {
            self.url = url
        }
    }

    /// An event for the operator.
    public enum Observation: Sendable {
        /// A connection was made and is usable.
        case connected
        /// A connection was lost, or could not be made.
        case lost(String)
        /// A statement was refused.
        case refused(String)
    }

    /// Why the database cannot be used, in terms that clients may see.
    public enum Trouble: Equatable, Sendable {
        /// No connection, or no usable answer.
        case unreachable
        /// The login is refused.
        case loginRefused
        /// The schema is missing, or of another version.
        case schemaUnusable
        /// The database is read-only.
        case readOnly
    }

    /// An event that is counted and not logged, since it is too frequent.
    public enum Measurement: Sendable {
        /// A group of writes was committed; nanoseconds from sending to confirmation.
        case committed(writes: Int, took: UInt64)
        /// A group failed because of one of its writes, and each is run again alone.
        case divided(writes: Int)
    }

    /// Called with every result, exactly once per ticket, after the parts of a long list; never from within `submit`.
    public var receive: ((Ticket, TaskResult<PostgreSQLTaskRows>) -> Void)?
    /// Called with observations.
    public var observe: ((Observation) -> Void)?
    /// Called with measurements, on the path of every write.
    public var measure: ((Measurement) -> Void)?

    /// The parameters of the statement that is being sent; shared by all lanes.
    @safe @exclusivity(unchecked) var parameters = Parameters()
    /// Shared by all lanes, so that its hosts are looked up once.
    let database: Database
    private let loop: EventLoop
    /// Set once, at the end of `init`, since they refer back to the store.
    private(set) var pages: LanePool?
    private(set) var heavyReads: LanePool?
    private(set) var writes: LanePool?
    private var outstanding = 0
    /// When the last operation was submitted, in nanoseconds of `Clock.monotonic`.
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

    /// Begins to connect, before the first request needs a connection.
    public func connect() {
        lastSubmission = loop.now
        pages?.connect()
        writes?.connect()
    }

    /// Accepts an operation; its result follows under the same ticket.
    ///
    /// - Parameter deadline: in nanoseconds of `Clock.monotonic`; exceeded by a tenth of a second at most, unless a
    ///   long list has begun to arrive.
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

    /// Pauses a list that is being delivered in parts, until `resume`: the client cannot take more for now.
    ///
    /// Does nothing for a ticket that has its result.
    public func pause(_ ticket: Ticket) {
        heavyReads?.lanes.first { $0.isReceiving(ticket) }?.pipeline.pause()
    }

    /// Resumes a paused list.
    public func resume(_ ticket: Ticket) {
        heavyReads?.lanes.first { $0.isReceiving(ticket) }?.pipeline.resume()
    }

    // MARK: Time

    /// How often deadlines are checked while operations are in flight, and in the minute after, in nanoseconds.
    private static var tick: UInt64 { 100_000_000 }
    private static var idleTick: UInt64 { 1_000_000_000 }

    var pools: [LanePool] { [pages, heavyReads, writes].compactMap { $0 } }

    /// Answers submissions past their deadline, and abandons sessions whose server has become read-only.
    public override func timerFired() {
        for pool in pools {
            pool.expire(now: loop.now)
            if !pool.policy.isWrite { pool.abandonSessionsThatBecameReadOnly(onlyIfReported: true) }
        }
        if isInUse { loop.setTimer(self, at: loop.now + (outstanding > 0 ? Self.tick : Self.idleTick)) }
    }

    // MARK: Reports from the pools

    /// Whether there was work in the last minute: only then lost connections are restored by themselves, so that an
    /// idle database can suspend itself.
    var isInUse: Bool { outstanding > 0 || loop.now < lastSubmission + 60_000_000_000 }

    /// An operation was executed; a whole list may be longer than its first page.
    func finished(_ submission: Submission, _ rows: PostgreSQLTaskRows, in pool: LanePool) {
        if let change = submission.changeToVerify, change != submission.operation.action, !rows.shows(change) {
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
        // Any failure of a verification leaves the outcome of the change unknown.
        if submission.changeToVerify != nil, case .failed = result { result = .failed(.outcomeUnknown) }
        receive?(submission.ticket, result)
    }

    /// A write may or may not be committed: reads the task to verify it, where its effect is visible.
    func resolve(_ submission: Submission) {
        guard let verification = submission.verification() else {
            return finished(submission, .failed(.outcomeUnknown))
        }
        pool(verification.operation.weight)?.submit(verification)
    }

    func connected(isWritable: Bool) {
        if isWritable {
            pages?.abandonReadOnlySessions()
            heavyReads?.abandonReadOnlySessions()
        }
        observe?(.connected)
    }

    /// A write found its server read-only: sessions for reads may be on the same server.
    func becameReadOnly() {
        pages?.abandonSessionsThatBecameReadOnly(onlyIfReported: false)
        heavyReads?.abandonSessionsThatBecameReadOnly(onlyIfReported: false)
    }

    func observe(lost error: PostgreSQLError) {
        let isMissing = error.sqlState?.code == "42P01" || error.sqlState?.code == "3F000"
        observe?(.lost(isMissing ? "the schema is not there: run todo-fcgi migrate" : error.description))
    }

    func observe(_ error: PostgreSQLError) {
        observe?(.refused(error.description))
    }
}
