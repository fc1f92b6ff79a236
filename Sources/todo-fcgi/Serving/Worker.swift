import EventLoop
import FastCGI
import JSON
import JWKS
import JWT
import Logging
import TaskAPI
import Tasks

/// The one straight line of a request: read, planned, submitted, and, when its result comes, answered.
final class Worker<Store: TaskStore, Verifier: TokenVerifying>: RequestHandler {
    /// The bounds of one worker.
    struct Limits {
        /// In nanoseconds, from the moment nginx had the request.
        var requestTimeout: UInt64
        /// How many operations the store may have at once.
        var inFlight: Int
        /// In nanoseconds.
        var slowRequest: UInt64
    }

    /// A request whose operation is under way.
    private struct Running {
        let pending: Pending
        let startedAt: UInt64
    }

    private let loop: EventLoop
    private let api: API<Verifier>
    private let store: Store
    /// Nil where no token of a public key counts.
    private let keys: IssuerKeys?
    private let waitingRoom: WaitingRoom
    private let state: () -> ServiceState
    private let limits: Limits
    private let logger: Logger
    private let server: Server<Worker>
    /// The answer that is being written; one for all requests.
    private var writer = ByteWriter(capacity: 64 << 10)
    /// By the slot of the request's connection.
    private var running: [Running?] = []
    private var inFlight = 0
    private var failureLog = LogLimit(burst: 10)
    private var slowLog = LogLimit(burst: 10)
    private var refusalLog = LogLimit(burst: 5)

    /// Joins the parts; from here on requests are served whenever the loop turns.
    init(
        _ api: API<Verifier>, store: Store, keys: IssuerKeys?, server: Server<Worker>, limits: Limits, logger: Logger,
        on loop: EventLoop, state: @escaping () -> ServiceState
    ) {
        self.api = api
        self.store = store
        self.keys = keys
        waitingRoom = WaitingRoom(on: loop)
        self.server = server
        self.limits = limits
        self.logger = logger
        self.loop = loop
        self.state = state
        server.handler = self
        waitingRoom.leaves = { [unowned self] in resume($0) }
        keys?.refreshed = { [unowned self] in waitingRoom.release() }
        store.receive = { [unowned self] ticket, result in respond(RequestID(rawValue: ticket), result) }
    }

    /// Understands a request; answers it, or submits its operation, or lets it wait for a key.
    func handle(_ connection: Connection<Worker>, body: borrowing RequestBody) {
        proceed(connection, connection.request(body), startedAt: Clock.monotonic)
    }

    /// Looks at a request once more that waited for a key, if anybody still waits for its answer.
    private func resume(_ guest: WaitingRoom.Guest) {
        guard let connection = server.connection(running: guest.id) else { return }
        proceed(connection, connection.request(guest), startedAt: guest.startedAt)
    }

    private func proceed(_ connection: Connection<Worker>, _ request: borrowing Request, startedAt: UInt64) {
        let now = Clock.realTime
        let plan = api.plan(request, at: Int64(now / 1_000_000_000), state: state(), into: &writer)
        switch plan {
        case .answered(let answered):
            finish(connection, answered, startedAt)
        case .awaitKey(let key, let endpoint):
            // Asked last: a request that cannot wait has nothing fetched either.
            if waitingRoom.hasRoom(forBytes: request.body.count, startedAt: startedAt), keys?.ask(for: key) == .mayCome
            {
                return waitingRoom.admit(WaitingRoom.Guest(connection.id, request, startedAt: startedAt))
            }
            // Without any keys the token may be as good as any: that is our trouble, and nobody should have to log in.
            let answered =
                keys?.set == nil
                ? api.refuse(request, .overloaded, endpoint: endpoint, into: &writer)
                : api.refuse(request, .unknownKey, endpoint: endpoint, into: &writer)
            finish(connection, answered, startedAt)
        case .perform(let operation, let pending):
            let queued = connection.timeSinceStart(now)
            guard inFlight < limits.inFlight, queued < limits.requestTimeout else {
                let answered = api.refuse(request, .overloaded, endpoint: pending.endpoint, into: &writer)
                return finish(connection, answered, startedAt)
            }
            let slot = connection.id.slot
            while running.count <= slot { running.append(nil) }
            running[slot] = Running(pending: pending, startedAt: startedAt)
            inFlight += 1
            // From this moment on: what a request has waited before, for a key or in nginx, is in `queued`.
            let deadline = Clock.monotonic + limits.requestTimeout - queued
            store.submit(operation, ticket: connection.id.rawValue, deadline: deadline)
        }
    }

    /// Answers the request that an operation's result belongs to, if anybody still waits for it.
    private func respond(_ id: RequestID, _ result: TaskResult<Store.Rows>) {
        inFlight -= 1
        guard let connection = server.connection(running: id), let run = running[id.slot] else { return }
        running[id.slot] = nil
        let request = connection.requestWithoutBody()
        let answered = api.respond(to: request, run.pending, result, into: &writer)
        finish(connection, answered, run.startedAt, cause: result.failure)
    }

    private func finish(
        _ connection: Connection<Worker>, _ answered: Answered, _ startedAt: UInt64, cause: TaskFailure? = nil
    ) {
        let took = Clock.monotonic - startedAt
        if answered.status.rawValue >= 500 || took >= limits.slowRequest {
            log(connection, answered, took, cause)
        }
        if let reason = answered.refusal { log(connection, reason) }
        connection.answer(writer.bytes)
        // A list of thousands of tasks must not stay in memory for good.
        writer.reset(keepingCapacity: 1 << 20)
    }

    private func log(
        _ connection: Connection<Worker>, _ answered: Answered, _ took: UInt64, _ cause: TaskFailure?
    ) {
        let hasFailed = answered.status.rawValue >= 500
        let (isAdmitted, suppressed) = hasFailed ? failureLog.admit(at: loop.now) : slowLog.admit(at: loop.now)
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(connection.text("REQUEST_ID") ?? "-")",
            "endpoint": "\(answered.endpoint.map { "\($0)" } ?? "-")",
            "status": "\(answered.status.rawValue)",
            "ms": "\(took / 1_000_000)",
        ]
        if let cause { metadata["cause"] = "\(cause)" }
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.log(
            level: hasFailed ? .error : .warning, "\(hasFailed ? "request failed" : "slow request")", metadata: metadata
        )
    }
}

extension Worker {
    /// Tells the operator what the client is not told; a token whose time is over is nothing to tell of.
    private func log(_ connection: Connection<Worker>, _ reason: TokenError) {
        let level: Logger.Level = reason == .expired ? .debug : .info
        guard logger.logLevel <= level else { return }
        let (isAdmitted, suppressed) = refusalLog.admit(at: loop.now)
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(connection.text("REQUEST_ID") ?? "-")",
            "reason": "\(reason)",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.log(level: level, "token refused", metadata: metadata)
    }
}

extension TaskResult {
    /// Why it failed; nil when it did not.
    fileprivate var failure: TaskFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
