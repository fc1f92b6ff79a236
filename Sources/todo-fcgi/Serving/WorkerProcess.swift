import EventLoop
import FastCGI
import Glibc
import JWKS
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
        store.observe = observer()
        let server = try Server<Worker<PostgreSQLTaskStore, TokenVerifier>>(accepting: socket, on: loop)
        let verifier = TokenVerifier(
            keys: try settings.identity.keySet(nil), claims: settings.identity.claims,
            publicKeyClaims: settings.identity.publicKeyClaims)
        let keys = try issuerKeys(for: verifier, loop)
        let worker = Worker(
            API(settings.api, verifier: verifier), store: store, keys: keys, server: server,
            limits: .init(
                requestTimeout: settings.requestTimeout, inFlight: settings.maximumInFlight,
                slowRequest: settings.slowRequest),
            logger: logger, on: loop
        ) { [unowned store, hasSecret = settings.identity.secret != nil] in
            let hasKeys = hasSecret || keys?.set != nil
            return ServiceState(
                databaseIsConnected: store.isReachable,
                reasonNotReady: !store.isReachable
                    ? "The database cannot be reached." : !hasKeys ? "The issuer's keys are not known yet." : nil)
        }
        let signals = try SignalSource([SIGTERM, SIGINT], on: loop, handler: drain(server, loop))
        // The mask is the signals' now: from here on there may be a second thread.
        try keys?.start()
        store.connect()
        StartUpPages.release(on: loop)
        logger.info("serving", metadata: ["version": "\(Program.version)"])
        try withExtendedLifetime((worker, signals)) { try loop.run() }
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

    private func drain<Handler: RequestHandler>(_ server: Server<Handler>, _ loop: EventLoop) -> (Int32) -> Void {
        var isDraining = false
        return { _ in
            guard !isDraining else { return loop.stop() }
            isDraining = true
            logger.info("draining", metadata: ["connections": "\(server.connectionCount)"])
            server.whenDrained = { loop.stop() }
            server.drain(until: loop.now + settings.drainTimeout)
        }
    }

    /// Tells of each change once: the connections of a worker mostly break and come back together.
    private func observer() -> (PostgreSQLTaskStore.Observation) -> Void {
        var limit = LogLimit(burst: 3)
        var lastLoss: String?
        return { observation in
            switch observation {
            case .connected:
                if lastLoss != nil { logger.notice("database connected again") }
                lastLoss = nil
            case .lost(let reason):
                guard reason != lastLoss else { return }
                lastLoss = reason
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
