import Base
import EventLoop
import FastCGI
import Glibc
import JWKS
import JWT
import Metrics
import PoolMetrics
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Copies metrics from the worker's parts into its slot once per second, and serves the pool's at the metrics address.
final class MetricsPublisher: EventSource {
    /// The parts whose metrics are copied.
    struct Sources {
        let store: PostgreSQLTaskStore
        let verifier: TokenVerifier
        let keys: IssuerKeys?
        /// The number of nginx's connections.
        let connectionCount: () -> Int
        /// The listening socket, which the pool shares.
        let socket: ListeningSocket
    }

    private static var interval: UInt64 { 1_000_000_000 }

    private let metrics: WorkerMetrics
    private let sources: Sources
    private let loop: EventLoop
    private var server: MetricsServer?

    init(_ metrics: WorkerMetrics, _ sources: Sources, on loop: EventLoop) {
        self.metrics = metrics
        self.sources = sources
        self.loop = loop
    }

    /// Starts, if the metrics are in a shared file or have an address.
    func start(at address: LocalAddress?, failed: @escaping (SystemError) -> Void) {
        guard metrics.ledger.isShared || address != nil else { return }
        timerFired()
        guard let address else { return }
        let server = MetricsServer(address, on: loop) { [unowned self] in text() }
        server.failed = failed
        self.server = server
        server.start()
    }

    override func timerFired() {
        copy()
        loop.setTimer(self, at: loop.now + Self.interval)
    }

    /// Copies the metrics a last time and releases the slot, so that the exit does not count as a crash.
    func end() {
        copy()
        metrics.ledger.close()
    }

    private func text() -> [UInt8] {
        copy()
        let pool = metrics.pool
        var exposition = Exposition(
            Snapshot(metrics.ledger), pool.schema, prefix: PoolSchema.prefix, version: Program.version)
        if let queue = sources.socket.queue() {
            exposition.addGauge(
                "listen_queue_connections", "Connections of nginx that are not accepted yet.",
                UInt64(queue.waiting))
            exposition.addGauge(
                "listen_queue_limit", "The backlog; nginx answers 502 to further requests.", UInt64(queue.limit))
        }
        return exposition.text
    }

    private func copy() {
        let (ledger, pool) = (metrics.ledger, metrics.pool)
        let cache = sources.verifier.cacheStatistics
        ledger.set(pool.tokenLookups[0], to: UInt64(cache.hits))
        ledger.set(pool.tokenLookups[1], to: UInt64(cache.misses))
        ledger.set(pool.tokenEvictions.only, to: UInt64(cache.evictions))
        ledger.set(pool.tokenEntries.only, to: UInt64(cache.count))
        ledger.set(pool.tokenBytes.only, to: UInt64(cache.bytes))
        if let keys = sources.keys {
            ledger.set(pool.keyReads[0], to: UInt64(keys.statistics.goodReads))
            ledger.set(pool.keyReads[1], to: UInt64(keys.statistics.failedReads))
            ledger.set(pool.keysReadAt.only, to: UInt64(max(keys.statistics.lastGoodRead ?? 0, 0)))
            ledger.set(pool.keys.only, to: UInt64(keys.set?.keys.count ?? 0))
        }
        let store = sources.store
        let phases = [store.readConnections, store.heavyReadConnections, store.writeConnections]
        for (role, connections) in phases.enumerated() {
            for phase in ConnectionPhase.allCases {
                let cell = pool.connections[role * ConnectionPhase.allCases.count + phase.rawValue]
                ledger.set(cell, to: UInt64(connections.count { $0 == phase }))
            }
        }
        ledger.set(pool.reconnects.only, to: UInt64(sources.store.reconnectCount))
        ledger.set(pool.webConnections.only, to: UInt64(sources.connectionCount()))
        ledger.set(pool.cpu.only, to: OwnProcess.cpuTime)
        ledger.set(pool.memory.only, to: OwnProcess.residentBytes)
    }
}

/// The kernel's figures of this process.
private enum OwnProcess {
    /// The CPU time of the process, in nanoseconds.
    ///
    /// The corresponding C function is `clock_gettime(CLOCK_PROCESS_CPUTIME_ID)`.
    static var cpuTime: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The resident memory, from `/proc/self/statm` (proc(5)); 0 where it cannot be read.
    static var residentBytes: UInt64 {
        guard let text = try? TextFile.read("/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
