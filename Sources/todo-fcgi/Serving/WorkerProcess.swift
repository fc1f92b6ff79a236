import EventLoop
import FastCGI
import Glibc
import JWT
import Logging
import TaskAPI
import TasksPostgreSQL

/// One worker from its start to its end: wires the parts, runs the loop, drains on a signal.
struct WorkerProcess {
    private let settings: Settings
    private let socket: ListeningSocket
    private let logger: Logger

    init(_ settings: Settings, _ socket: ListeningSocket) {
        self.settings = settings
        self.socket = socket
        let level = settings.logLevel
        logger = Logger(label: Program.name) { _ in LogfmtHandler(logLevel: level) }
    }

    /// Serves until SIGTERM or SIGINT and the end of the drain; a second signal ends it at once.
    func run() throws {
        Self.raiseDescriptorLimit()
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let store = PostgreSQLTaskStore(settings.database.store, on: loop)
        let manager = ServiceManager(on: loop)
        store.observe = observer(manager)
        let server = try Server<Worker<PostgreSQLTaskStore, TokenVerifier>>(accepting: socket, on: loop)
        let verifier = TokenVerifier(keys: try settings.identity.keySet(), claims: settings.identity.claims)
        let worker = Worker(
            API(settings.api, verifier: verifier), store: store, server: server,
            limits: .init(
                requestTimeout: settings.requestTimeout, inFlight: settings.maximumInFlight,
                slowRequest: settings.slowRequest),
            logger: logger, on: loop
        ) { [unowned store] in
            ServiceState(
                databaseIsConnected: store.isReachable,
                reasonNotReady: store.isReachable ? nil : "The database cannot be reached.")
        }
        let signals = try SignalSource([SIGTERM, SIGINT], on: loop, handler: drain(server, manager, loop))
        store.connect()
        manager.begin()
        logger.info("serving", metadata: ["version": "\(Program.version)"])
        try withExtendedLifetime((worker, signals, manager)) { try loop.run() }
        logger.info("ended")
    }

    private func drain<Handler: RequestHandler>(
        _ server: Server<Handler>, _ manager: ServiceManager, _ loop: EventLoop
    ) -> (Int32) -> Void {
        var isDraining = false
        return { _ in
            guard !isDraining else { return loop.stop() }
            isDraining = true
            manager.draining()
            logger.info("draining", metadata: ["connections": "\(server.connectionCount)"])
            server.whenDrained = { loop.stop() }
            server.drain(until: loop.now + settings.drainTimeout)
        }
    }

    /// Tells of each change once: the connections of a worker mostly break and come back together.
    private func observer(_ manager: ServiceManager) -> (PostgreSQLTaskStore.Observation) -> Void {
        var limit = LogLimit(burst: 3)
        var lastLoss: String?
        return { observation in
            switch observation {
            case .connected:
                manager.databaseConnected()
                if lastLoss != nil { logger.notice("database connected again") }
                lastLoss = nil
            case .lost(let reason):
                guard reason != lastLoss else { return }
                lastLoss = reason
                manager.databaseLost(reason)
                logger.error("database not connected", metadata: ["reason": "\(reason)"])
            case .refused(let reason):
                guard limit.admit(at: Clock.monotonic).isAdmitted else { return }
                logger.error("statement refused", metadata: ["reason": "\(reason)"])
            }
        }
    }

    /// Every kept connection is a descriptor.
    ///
    /// The corresponding C function is `setrlimit`.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
