import Base
import EventLoop
import FastCGI
import Glibc
import JWKS
import JWT
import Logging
import Metrics
import PoolMetrics
import Settings
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
        let format = settings.observing.logFormat
        logger = Logger(label: Program.name) { _ in LineHandler(format, logLevel: level) }
    }

    /// multiwatch 1.0 passes SIGTERM on as SIGQUIT, which is nginx's word for a graceful end too.
    private static let endingSignals = [SIGTERM, SIGINT, SIGQUIT]

    /// Keeps the signals that end a worker until `run` takes them; the first thing that a worker does.
    ///
    /// libfcgi installs a handler for SIGTERM that does nothing: one that came while it stood would be lost.
    static func holdSignals() {
        SignalSource.block(endingSignals)
    }

    /// Serves until SIGTERM, SIGQUIT or SIGINT and the end of the drain; a second signal ends it at once.
    func run() throws {
        Self.raiseDescriptorLimit()
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let metrics = try workerMetrics()
        var configuration = settings.database.store
        // PostgreSQL's log and `pg_stat_activity` name the worker by it.
        configuration.applicationName = "\(Program.name)[\(getpid())]"
        let store = PostgreSQLTaskStore(configuration, on: loop)
        let manager = ServiceManager(on: loop)
        let server = try Server<Worker>(accepting: socket, on: loop)
        let verifier = TokenVerifier(
            keys: try settings.identity.keySet(nil), claims: settings.identity.claims,
            publicKeyClaims: settings.identity.publicKeyClaims)
        let keys = try issuerKeys(for: verifier, loop)
        let worker = Worker(
            API(settings.api, verifier: verifier), store: store, keys: keys, server: server,
            limits: .init(
                requestTimeout: settings.requestTimeout, inFlight: settings.maximumInFlight,
                slowRequest: settings.slowRequest, tellsTiming: settings.observing.serverTiming),
            userHashes: userHashes(), logger: logger, metrics: metrics, on: loop
        ) { [unowned store, hasSecret = settings.identity.secret != nil] in
            let hasKeys = hasSecret || keys?.set != nil
            return ServiceState(
                databaseIsConnected: store.isReachable,
                reasonNotReady: store.trouble?.sentence
                    ?? (hasKeys ? nil : "The issuer's keys are not known yet."))
        }
        observe(store, worker, metrics, manager)
        let pulse = MetricsPulse(
            metrics,
            .init(
                store: store, verifier: verifier, keys: keys,
                connectionCount: { [unowned server] in server.connectionCount },
                socket: socket), on: loop)
        let signals = try SignalSource(
            Self.endingSignals, on: loop, handler: drain(server, metrics, manager, loop))
        // The mask is the signals' now: from here on there may be a second thread.
        try keys?.start()
        store.connect()
        manager.begin()
        pulse.start(at: settings.observing.metricsAddress) { [logger] error in
            logger.error("metrics address not taken", metadata: ["reason": "\(error)"])
        }
        logger.info("serving", metadata: ["version": "\(Program.version)"])
        try withExtendedLifetime((worker, signals, manager)) { try loop.run() }
        pulse.end()
        logger.info("ended")
        // A name server's silence must not hold up the end; what else the process holds, the kernel takes back.
        if let keys, !keys.stop() { _exit(0) }
    }

    /// Follows the issuer's keys, where tokens of public keys count, and hands them to the verifier.
    private func issuerKeys(for verifier: TokenVerifier, _ loop: EventLoop) throws -> IssuerKeys? {
        guard let source = settings.identity.source else { return nil }
        let keys = try IssuerKeys(
            source, keptIn: settings.identity.stateDirectory, userAgent: Program.userAgent, on: loop)
        keys.observe = IssuerKeysLog(source, logger).observer()
        keys.replaced = { [identity = settings.identity, logger] set in
            do {
                verifier.replaceKeys(try identity.keySet(set))
            } catch {
                logger.error("keys not replaced", metadata: ["reason": "\(error)"])
            }
        }
        return keys
    }

    /// Where answers are to say for the edge's log whose they are; without its key a worker serves all the same.
    private func userHashes() -> UserHashes? {
        guard settings.observing.userHash else { return nil }
        do {
            return try UserHashes(key: UserHashKey.load(settings.identity))
        } catch {
            logger.error("answers are without X-User-Hash", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// This worker's place among the pool's counters; where there is none, it counts for itself and serves all the same.
    private func workerMetrics() throws -> WorkerMetrics {
        let pool = PoolSchema()
        let now = Clock.realTime / 1_000_000_000
        let observing = settings.observing
        if let path = observing.metricsFile {
            do throws(Ledger.Refusal) {
                return WorkerMetrics(
                    pool, try .claimed(in: path, pool.schema, version: Program.version, at: now))
            } catch {
                logger.error(
                    "metrics are this worker's alone: no place in TODO_METRICS_FILE", metadata: ["reason": "\(error)"])
            }
        } else if observing.metricsAddress != nil {
            logger.notice("metrics are this worker's alone: TODO_METRICS_FILE is not set")
        }
        return WorkerMetrics(pool, try .unshared(pool.schema, version: Program.version, at: now))
    }

    private func drain<Handler: RequestHandler>(
        _ server: Server<Handler>, _ metrics: WorkerMetrics, _ manager: ServiceManager, _ loop: EventLoop
    ) -> (Int32) -> Void {
        var isDraining = false
        return { _ in
            guard !isDraining else { return loop.stop() }
            isDraining = true
            metrics.draining()
            manager.draining()
            logger.info("draining", metadata: ["connections": "\(server.connectionCount)"])
            server.whenDrained = { loop.stop() }
            server.drain(until: loop.now + settings.drainTimeout)
        }
    }

    /// Hands on what the store tells, to the counters and to the log.
    private func observe(
        _ store: PostgreSQLTaskStore, _ worker: Worker, _ metrics: WorkerMetrics,
        _ manager: ServiceManager
    ) {
        let log = observer(manager) { [unowned worker] in worker.lastRefusal = $0 }
        store.observe = { observation in
            metrics.count(observation)
            log(observation)
        }
        store.measure = { metrics.count($0) }
    }

    /// Tells of each change once: the connections of a worker mostly break and come back together.
    ///
    /// - Parameter refused: gets what the database said of a statement. If it leads to a failed request, it belongs into
    ///   that request's line, not into one more.
    private func observer(
        _ manager: ServiceManager, refused: @escaping (String) -> Void
    ) -> (PostgreSQLTaskStore.Observation) -> Void {
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
                refused(reason)
                logger.debug("statement refused", metadata: ["reason": "\(reason)"])
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

extension PostgreSQLTaskStore.Trouble {
    /// What anyone may know of it.
    fileprivate var sentence: String {
        switch self {
        case .unreachable: "The database cannot be reached."
        case .loginRefused: "The database does not let the service in."
        case .readOnly: "The database is read-only."
        case .schemaUnusable: "The database's schema is not the one that this version needs."
        }
    }
}
