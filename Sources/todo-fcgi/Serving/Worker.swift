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

/// Handles requests: plans each, submits its operation to the store, and answers it with the result.
///
/// Uses concrete types instead of generic parameters, so that the request path is specialised.
final class Worker: RequestHandler {
    static let parameterNames = Parameter.allCases.map(\.name)

    /// The limits of one worker, and whether answers have `Server-Timing`.
    struct Limits {
        /// The time limit of a request since nginx had it, in nanoseconds.
        var requestTimeout: UInt64
        /// The maximum number of operations in the store.
        var inFlight: Int
        /// The time since nginx had a request from which on it is slow, in nanoseconds.
        var slowRequest: UInt64
        /// Whether answers have the header `Server-Timing`.
        var sendsTiming = false
    }

    /// A request whose operation is in the store.
    struct Running {
        let pending: Pending
        var phases: Phases
        let submittedAt: UInt64
        /// The long list, once a part of it was sent.
        var list: LongList?
    }

    let loop: EventLoop
    let api: API<TokenVerifier>
    let store: PostgreSQLTaskStore
    /// Nil where no issuer is configured.
    private let keys: IssuerKeys?
    private let pendingKeyRequests: PendingKeyRequests
    private let verifications: VerificationQueue
    private let state: () -> ServiceState
    let limits: Limits
    let logger: Logger
    let metrics: WorkerMetrics
    /// Headers that the API does not write: `X-Request-ID`, `Server-Timing`, `X-User-Hash`.
    @safe @exclusivity(unchecked) var extraHead = ByteWriter(capacity: 256)
    /// Nil where answers do not have `X-User-Hash`.
    private var userHashes: UserHashes?
    /// The id of the request that is being planned or answered.
    let name = RequestName()
    let server: Server<Worker>
    /// The answer that is being written; shared by all requests.
    @safe @exclusivity(unchecked) var writer = ByteWriter(capacity: 64 << 10)
    /// Indexed by the slot of the request's connection.
    @safe @exclusivity(unchecked) var running: [Running?] = []
    @safe @exclusivity(unchecked) private var inFlight = 0
    /// The database's message for the last statement that it refused.
    var lastRefusal: String? {
        didSet { refusedAt = loop.now }
    }
    private var refusedAt: UInt64 = 0
    /// The database's message for the failure being handled: message and result arrive in the same turn of the loop.
    var currentRefusal: String? { refusedAt == loop.now ? lastRefusal : nil }
    var logLimits = LogLimits()

    /// Connects the parts; from here on the loop serves requests.
    init(
        _ api: API<TokenVerifier>, store: PostgreSQLTaskStore, keys: IssuerKeys?, server: Server<Worker>,
        limits: Limits, userHashes: UserHashes? = nil, logger: Logger, metrics: WorkerMetrics, on loop: EventLoop,
        state: @escaping () -> ServiceState
    ) {
        self.api = api
        self.store = store
        self.keys = keys
        pendingKeyRequests = PendingKeyRequests(on: loop)
        verifications = VerificationQueue(on: loop)
        self.server = server
        self.limits = limits
        self.userHashes = userHashes
        self.logger = logger
        self.metrics = metrics
        self.loop = loop
        self.state = state
        server.handler = self
        pendingKeyRequests.onRelease = { [unowned self] in resume($0, allowing: .little) }
        verifications.onTurn = { [unowned self] in resume($0, allowing: .any) }
        keys?.refreshed = { [unowned self] in pendingKeyRequests.release() }
        store.receive = { [unowned self] ticket, result in respond(RequestID(rawValue: ticket), result) }
    }

    /// Plans a request; answers it, submits its operation, or holds it for a key or its verification.
    func handle(_ connection: Connection<Worker>, body: borrowing RequestBody) {
        let name = name
        let (startedAt, now) = (Clock.monotonic, Clock.realTime)
        let queued = connection.timeSinceStart(now, longest: startedAt - server.caughtUpAt)
        proceed(connection, connection.request(body, name), startedAt: startedAt, queued: queued, at: now)
    }

    /// Resumes a long list that was paused.
    func connectionHasRoom(_ connection: Connection<Worker>) {
        store.resume(connection.id.rawValue)
    }

    /// Resumes an abandoned long list: the rest is read and discarded, which frees the database connection.
    func requestAbandoned(_ id: RequestID) {
        store.resume(id.rawValue)
    }

    /// Plans a held request again, unless it was abandoned.
    private func resume(_ held: HeldRequest, allowing work: SignatureWork) {
        guard let connection = server.connection(running: held.id) else { return }
        let name = name
        proceed(
            connection, connection.request(held, name), startedAt: held.startedAt, queued: held.queued,
            at: Clock.realTime, allowing: work)
    }

    private func proceed(
        _ connection: Connection<Worker>, _ request: borrowing Request, startedAt: UInt64, queued: UInt64,
        at now: UInt64, allowing work: SignatureWork = .little
    ) {
        // The wait for a key or for verification counts as `verify`.
        var phases = Phases(queue: queued)
        let plan = api.plan(
            request, at: Int64(now / 1_000_000_000), allowing: work, state: state, into: &writer)
        switch plan {
        case .answered(let answered):
            let plannedAt = Clock.monotonic
            phases.verify = plannedAt - startedAt
            finish(connection, answered, phases, from: plannedAt)
        case .awaitKey(let key, let endpoint):
            let availability = keys?.request(key) ?? .unknown
            if availability == .pending,
                pendingKeyRequests.hasRoom(forBytes: request.body.count, startedAt: startedAt)
            {
                let held = HeldRequest(connection.id, request, startedAt: startedAt, queued: queued)
                return pendingKeyRequests.admit(held)
            }
            phases.verify = Clock.monotonic - startedAt
            // Clients log their user out on 401, so it is sent only when the issuer certainly lacks the key.
            if keys?.set == nil { return refuse(connection, request, .noKeys, endpoint, phases) }
            switch availability {
            case .unknown:
                let answered = api.refuse(request, TokenError.unknownKey, endpoint: endpoint, into: &writer)
                finish(connection, answered, phases, from: Clock.monotonic)
            case .pending:
                refuse(connection, request, .unknownKey, endpoint, phases, as: .unknownKey(retryAfter: 1))
            case .retryLater(let seconds):
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

    /// Answers a valid request with 503.
    private func refuse(
        _ connection: Connection<Worker>, _ request: borrowing Request, _ reason: Admission, _ endpoint: Endpoint,
        _ phases: Phases, as refusal: Refusal = .overloaded
    ) {
        metrics.refused(reason)
        let answered = api.refuse(request, refusal, endpoint: endpoint, into: &writer)
        finish(connection, answered, phases, from: Clock.monotonic, cause: .admission(reason))
    }

    /// Answers the request of an operation with its result, unless it was abandoned.
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
            cause: result.failure.map { .store($0, message: currentRefusal) })
    }

    /// Writes the headers that the API does not write.
    func writeExtraHead(_ phases: Phases, user: String?) {
        let name = name
        extraHead.reset()
        extraHead.append("X-Request-ID: ")
        extraHead.append(name.span)
        extraHead.append("\r\n")
        if limits.sendsTiming { extraHead.appendTiming(phases) }
        if let user, let digits = userHashes?.digits(of: user) { extraHead.append(userHash: digits) }
    }

    /// Sends the written answer, and updates metrics and logs.
    ///
    /// - Parameter start: when the answer was begun, which is the end of the previous phase.
    private func finish(
        _ connection: Connection<Worker>, _ answered: Answered, _ phases: Phases, from start: UInt64,
        hasResult: Bool = false,
        cause: FailureCause? = nil
    ) {
        // Sending the answer may start the connection's next request.
        let id = connection.id
        writeExtraHead(phases, user: answered.user)
        connection.answer(writer.bytes, after: extraHead.bytes)
        // Frees the memory of a large answer.
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
    /// The failure; nil for a success.
    var failure: TaskFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
