import Base
import EventLoop
import FastCGI
import JWKS
import JWT
import Logging
import PoolMetrics
import TaskAPI
import Tasks
import TasksPostgreSQL

/// The one straight line of a request: read, planned, submitted, and, when its result comes, answered.
///
/// Made of the real parts, not generic over them: what runs for each request is compiled for exactly these.
final class Worker: RequestHandler {
    static let parameterNames = Parameter.allCases.map(\.name)

    /// The bounds of one worker.
    struct Limits {
        /// In nanoseconds, from the moment nginx had the request.
        var requestTimeout: UInt64
        /// How many operations the store may have at once.
        var inFlight: Int
        /// In nanoseconds, from the moment nginx had the request.
        var slowRequest: UInt64
        /// Whether answers say where their time went.
        var tellsTiming = false
    }

    /// A request whose operation is under way.
    struct Running {
        let pending: Pending
        var phases: Phases
        let submittedAt: UInt64
        /// The list of which parts were sent.
        var list: LongList?
    }

    let loop: EventLoop
    let api: API<TokenVerifier>
    let store: PostgreSQLTaskStore
    /// Nil where no token of a public key counts.
    private let keys: IssuerKeys?
    private let waitingRoom: WaitingRoom
    private let verifications: VerificationQueue
    private let state: () -> ServiceState
    let limits: Limits
    let logger: Logger
    let metrics: WorkerMetrics
    /// Headers that are not the API's: `X-Request-ID`, `Server-Timing`, `X-User-Hash`.
    @safe @exclusivity(unchecked) var extraHead = ByteWriter(capacity: 256)
    /// Nil where answers do not say whose they are.
    private var userHashes: UserHashes?
    /// The name of the request that is being planned or answered.
    let name = RequestName()
    let server: Server<Worker>
    /// The answer that is being written; one for all requests.
    @safe @exclusivity(unchecked) var writer = ByteWriter(capacity: 64 << 10)
    /// By the slot of the request's connection.
    @safe @exclusivity(unchecked) var running: [Running?] = []
    @safe @exclusivity(unchecked) private var inFlight = 0
    /// What the database said last of a statement that it refused.
    var lastRefusal: String? {
        didSet { refusedAt = loop.now }
    }
    private var refusedAt: UInt64 = 0
    /// What the database said of the statement whose failure is told now; its result follows in the same turn.
    var currentRefusal: String? { refusedAt == loop.now ? lastRefusal : nil }
    var logLimits = LogLimits()

    /// Joins the parts; from here on requests are served whenever the loop turns.
    init(
        _ api: API<TokenVerifier>, store: PostgreSQLTaskStore, keys: IssuerKeys?, server: Server<Worker>,
        limits: Limits, userHashes: UserHashes? = nil, logger: Logger, metrics: WorkerMetrics, on loop: EventLoop,
        state: @escaping () -> ServiceState
    ) {
        self.api = api
        self.store = store
        self.keys = keys
        waitingRoom = WaitingRoom(on: loop)
        verifications = VerificationQueue(on: loop)
        self.server = server
        self.limits = limits
        self.userHashes = userHashes
        self.logger = logger
        self.metrics = metrics
        self.loop = loop
        self.state = state
        server.handler = self
        waitingRoom.leaves = { [unowned self] in resume($0, allowing: .little) }
        verifications.onTurn = { [unowned self] in resume($0, allowing: .any) }
        keys?.refreshed = { [unowned self] in waitingRoom.release() }
        store.receive = { [unowned self] ticket, result in respond(RequestID(rawValue: ticket), result) }
    }

    /// Understands a request; answers it, or submits its operation, or lets it wait for a key.
    func handle(_ connection: Connection<Worker>, body: borrowing RequestBody) {
        let name = name
        let (startedAt, now) = (Clock.monotonic, Clock.realTime)
        let queued = connection.timeSinceStart(now, longest: startedAt - server.caughtUpAt)
        proceed(connection, connection.request(body, name), startedAt: startedAt, queued: queued, at: now)
    }

    /// Goes on with a list that was held back.
    func connectionHasRoom(_ connection: Connection<Worker>) {
        store.resume(connection.id.rawValue)
    }

    /// Goes on with a list that was held back: its rest is read and dropped, so that its connection is free again.
    func requestAbandoned(_ id: RequestID) {
        store.resume(id.rawValue)
    }

    /// Looks at a request once more that had to wait, if anybody still waits for its answer.
    private func resume(_ guest: HeldRequest, allowing work: SignatureWork) {
        guard let connection = server.connection(running: guest.id) else { return }
        let name = name
        proceed(
            connection, connection.request(guest, name), startedAt: guest.startedAt, queued: guest.queued,
            at: Clock.realTime, allowing: work)
    }

    private func proceed(
        _ connection: Connection<Worker>, _ request: borrowing Request, startedAt: UInt64, queued: UInt64,
        at now: UInt64, allowing work: SignatureWork = .little
    ) {
        // What a request waits for a key or for its turn is in `verify`.
        var phases = Phases(queue: queued)
        let plan = api.plan(
            request, at: Int64(now / 1_000_000_000), allowing: work, state: state, into: &writer)
        switch plan {
        case .answered(let answered):
            let plannedAt = Clock.monotonic
            phases.verify = plannedAt - startedAt
            finish(connection, answered, phases, from: plannedAt)
        case .awaitKey(let key, let endpoint):
            let prospect = keys?.ask(for: key) ?? .isUnknown
            if prospect == .mayCome, waitingRoom.hasRoom(forBytes: request.body.count, startedAt: startedAt) {
                return waitingRoom.admit(HeldRequest(connection.id, request, startedAt: startedAt, queued: queued))
            }
            phases.verify = Clock.monotonic - startedAt
            // A client that reads 401 logs its user out, so only what is known is one.
            if keys?.set == nil { return refuse(connection, request, .noKeys, endpoint, phases) }
            switch prospect {
            case .isUnknown:
                let answered = api.refuse(request, TokenError.unknownKey, endpoint: endpoint, into: &writer)
                finish(connection, answered, phases, from: Clock.monotonic)
            case .mayCome:
                refuse(connection, request, .unknownKey, endpoint, phases, as: .unknownKey(retryAfter: 1))
            case .mayComeLater(let seconds):
                refuse(connection, request, .unknownKey, endpoint, phases, as: .unknownKey(retryAfter: seconds))
            }
        case .awaitVerification(let endpoint, let user):
            guard verifications.hasRoom(forBytes: request.body.count, of: user) else {
                phases.verify = Clock.monotonic - startedAt
                return refuse(connection, request, .verifications, endpoint, phases)
            }
            let held = HeldRequest(connection.id, request, startedAt: startedAt, queued: queued)
            verifications.admit(held, of: user)
        case .perform(let operation, let pending):
            let submittedAt = Clock.monotonic
            phases.verify = submittedAt - startedAt
            guard inFlight < limits.inFlight, phases.total < limits.requestTimeout else {
                let reason: Admission = inFlight < limits.inFlight ? .queueTime : .inFlight
                return refuse(connection, request, reason, pending.endpoint, phases)
            }
            let slot = connection.id.slot
            while running.count <= slot { running.append(nil) }
            running[slot] = Running(pending: pending, phases: phases, submittedAt: submittedAt)
            inFlight += 1
            metrics.inFlight(inFlight)
            let deadline = submittedAt + limits.requestTimeout - phases.total
            store.submit(operation, ticket: connection.id.rawValue, deadline: deadline)
        }
    }

    /// Answers a request 503 with which nothing is wrong.
    private func refuse(
        _ connection: Connection<Worker>, _ request: borrowing Request, _ reason: Admission, _ endpoint: Endpoint,
        _ phases: Phases, as refusal: Refusal = .overloaded
    ) {
        metrics.refused(reason)
        let answered = api.refuse(request, refusal, endpoint: endpoint, into: &writer)
        finish(connection, answered, phases, from: Clock.monotonic, cause: .admission(reason))
    }

    /// Answers the request that an operation's result belongs to, if anybody still waits for it.
    private func respond(_ id: RequestID, _ result: TaskResult<PostgreSQLTaskRows>) {
        if case .part(let rows) = result { return send(rows, to: id) }
        inFlight -= 1
        metrics.inFlight(inFlight)
        guard let connection = server.connection(running: id), let run = running[id.slot] else {
            return metrics.abandoned()
        }
        running[id.slot] = nil
        if let list = run.list { return end(list, run, result, on: connection) }
        var phases = run.phases
        let now = Clock.monotonic
        phases.database = now - run.submittedAt
        let name = name
        let request = connection.requestForAnswer(name)
        let answered = api.respond(to: request, run.pending, result, into: &writer)
        finish(
            connection, answered, phases, from: now, hasResult: true,
            cause: result.failure.map { .store($0, said: currentRefusal) })
    }

    /// Writes the headers that are not the API's.
    func writeExtraHead(_ phases: Phases, user: String?) {
        let name = name
        extraHead.reset()
        extraHead.append("X-Request-ID: ")
        extraHead.append(name.span)
        extraHead.append("\r\n")
        if limits.tellsTiming { extraHead.appendTiming(phases) }
        if let user, let digits = userHashes?.digits(of: user) { extraHead.append(userHash: digits) }
    }

    /// Sends the answer that is written, and tells counters and logs.
    ///
    /// - Parameter start: when the answer was begun, the end of the phases so far.
    private func finish(
        _ connection: Connection<Worker>, _ answered: Answered, _ phases: Phases, from start: UInt64,
        hasResult: Bool = false,
        cause: FailureCause? = nil
    ) {
        // The connection's next request may begin with the answer.
        let id = connection.id
        writeExtraHead(phases, user: answered.user)
        connection.answer(writer.bytes, after: extraHead.bytes)
        // A list of thousands of tasks must not stay in memory for good.
        writer.reset(keepingCapacity: 1 << 20)
        var phases = phases
        phases.write = Clock.monotonic - start
        metrics.answered(answered, phases, hasResult: hasResult)
        if let reason = answered.refusal {
            log(reason, id)
        } else if answered.status.rawValue >= 500 || phases.total >= limits.slowRequest {
            log(answered, phases, cause, id)
        }
    }
}

extension TaskResult {
    /// Why it failed; nil when it did not.
    var failure: TaskFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
