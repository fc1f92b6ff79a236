internal import Base
public import EventLoop
internal import PostgreSQL
public import Tasks

/// Tasks in PostgreSQL: a few connections in the loop, reads pipelined at once, writes in groups.
public final class PostgreSQLTaskStore: EventSource, TaskStore {
    /// Where the database is and how many connections one process holds.
    public struct Configuration: Sendable {
        /// A connection URI, as in the PostgreSQL manual's section 34.1.1.
        public var url: String
        /// One is fastest; a second takes what must not wait behind a long statement.
        public var readConnections = 2
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
    }

    /// What happens too often to be told: for counters.
    public enum Measurement: Sendable {
        /// A group of writes was committed; nanoseconds from its sending to the server's word.
        case committed(writes: Int, took: UInt64)
        /// A group failed because of one of its writes, and each is run again alone.
        case divided(writes: Int)
    }

    /// Where every result goes, exactly once a ticket, never from within `submit`.
    public var receive: ((Ticket, TaskResult<PostgreSQLTaskRows>) -> Void)?
    /// Where observations go.
    public var observe: ((Observation) -> Void)?
    /// Where measurements go; called on the path of every write.
    public var measure: ((Measurement) -> Void)?

    /// The parameters of the statement that is being sent; one list for all lanes.
    var parameters = Parameters()
    private let loop: EventLoop
    /// Set once, at the end of `init`, since they refer back to the store.
    private(set) var reads: ReadQueue?
    private(set) var writes: WriteQueue?
    private var outstanding = 0
    private var lastTrouble = Trouble.unreachable
    /// When the last operation came, in nanoseconds of `Clock.monotonic`.
    var lastSubmission: UInt64 = 0

    /// Prepares the connections; `connect` makes them.
    public init(_ configuration: Configuration, on loop: EventLoop) {
        self.loop = loop
        super.init()
        reads = ReadQueue(store: self, configuration, on: loop)
        writes = WriteQueue(store: self, configuration, on: loop)
    }

    /// Begins to connect, so that the first request does not have to.
    public func connect() {
        lastSubmission = loop.now
        reads?.connect()
        writes?.connect()
    }

    /// Whether the database could be reached when it was last needed.
    ///
    /// Nothing is asked of it to know this.
    public var isReachable: Bool {
        reads?.isBroken == false && writes?.isBroken == false
    }

    /// Takes an operation on; its result follows under the same ticket.
    ///
    /// - Parameter deadline: in nanoseconds of `Clock.monotonic`; exceeded by a tenth of a second at most.
    public func submit(_ operation: TaskOperation, ticket: Ticket, deadline: UInt64) {
        lastSubmission = loop.now
        if outstanding == 0 { loop.setTimer(self, at: loop.now + Self.tick) }
        outstanding += 1
        let submission = Submission(operation, ticket: ticket, deadline: deadline)
        if operation.action.isWrite {
            writes?.submit(submission)
        } else {
            reads?.submit(submission)
        }
    }

    // MARK: Deadlines

    private static var tick: UInt64 { 100_000_000 }

    /// Answers what has waited for too long.
    public override func timerFired() {
        reads?.expire(now: loop.now)
        writes?.expire(now: loop.now)
        if outstanding > 0 { loop.setTimer(self, at: loop.now + Self.tick) }
    }

    // MARK: What the lanes report

    /// Whether there was work in the last minute: only then a lost connection is made again unasked, so that a
    /// database that goes to sleep when nobody needs it can.
    var isInUse: Bool { outstanding > 0 || loop.now < lastSubmission + 60_000_000_000 }

    /// Why the database cannot be used; nil when it could be when it was last needed.
    public var trouble: Trouble? { isReachable ? nil : lastTrouble }

    func finished(_ submission: Submission, _ result: TaskResult<PostgreSQLTaskRows>) {
        outstanding -= 1
        receive?(submission.ticket, result)
    }

    func connected() {
        observe?(.connected)
    }

    func observe(lost error: PostgreSQLError) {
        let isMissing = error.sqlState?.code == "42P01" || error.sqlState?.code == "3F000"
        lastTrouble = Trouble(error)
        observe?(.lost(isMissing ? "the schema is not there: run todo-fcgi migrate" : error.description))
    }

    func observe(_ error: PostgreSQLError) {
        observe?(.refused(error.description))
    }
}
