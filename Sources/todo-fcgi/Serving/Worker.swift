import EventLoop
import FastCGI
import JSON
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

    /// Joins the parts; from here on requests are served whenever the loop turns.
    init(
        _ api: API<Verifier>, store: Store, server: Server<Worker>, limits: Limits, logger: Logger, on loop: EventLoop,
        state: @escaping () -> ServiceState
    ) {
        self.api = api
        self.store = store
        self.server = server
        self.limits = limits
        self.logger = logger
        self.loop = loop
        self.state = state
        server.handler = self
        store.receive = { [unowned self] ticket, result in respond(RequestID(rawValue: ticket), result) }
    }

    /// Understands a request; answers it, or submits its operation.
    func handle(_ connection: Connection<Worker>, body: borrowing RequestBody) {
        let startedAt = Clock.monotonic
        let request = connection.request(body)
        let now = Clock.realTime
        let plan = api.plan(request, at: Int64(now / 1_000_000_000), state: state(), into: &writer)
        switch plan {
        case .answered(let answered):
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
            store.submit(
                operation, ticket: connection.id.rawValue, deadline: startedAt + limits.requestTimeout - queued)
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

extension TaskResult {
    /// Why it failed; nil when it did not.
    fileprivate var failure: TaskFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
