import JWT
import Metrics
import PoolMetrics
import TaskAPI
import TasksPostgreSQL

/// What one worker counts; every method is a few additions.
final class WorkerMetrics {
    let pool: PoolSchema
    let ledger: Ledger
    private let statuses: [Int]

    init(_ pool: PoolSchema, _ ledger: Ledger) {
        self.pool = pool
        self.ledger = ledger
        // From a status code to its number among those of `Status`.
        var statuses = [Int](repeating: 0, count: 600)
        for (index, status) in Status.allCases.enumerated() { statuses[status.rawValue] = index }
        self.statuses = statuses
    }

    // MARK: Requests

    /// A request was answered.
    ///
    /// - Parameter hasResult: whether it went through all phases.
    func answered(_ answered: Answered, _ phases: Phases, hasResult: Bool) {
        let route = Route.index(answered.endpoint)
        let status = statuses[answered.status.rawValue]
        ledger.add(to: pool.requests[route * Status.allCases.count + status])
        ledger.add(to: pool.workerRequests.only)
        ledger.observe(phases.inWorker, in: pool.durations, route)
        if let refusal = answered.refusal {
            ledger.add(to: pool.tokenRefusals[TokenRefusal(refusal).index])
        }
        guard hasResult else { return }
        // In the order of their names.
        ledger.observe(phases.queue, in: pool.phases, 0)
        ledger.observe(phases.verify, in: pool.phases, 1)
        ledger.observe(phases.database, in: pool.phases, 2)
        ledger.observe(phases.write, in: pool.phases, 3)
    }

    /// A result came for a request that nobody waits for any more.
    func abandoned() {
        ledger.add(to: pool.abandoned.only)
    }

    /// A request was refused because of the load.
    func refused(_ reason: Admission) {
        ledger.add(to: pool.refusals[reason.index])
    }

    /// So many requests wait for the database now.
    func inFlight(_ count: Int) {
        ledger.set(pool.inFlight.only, to: UInt64(count))
    }

    // MARK: The store

    /// Something happened to the store's connections.
    func count(_ observation: PostgreSQLTaskStore.Observation) {
        switch observation {
        case .connected: break
        case .lost: ledger.add(to: pool.losses.only)
        case .refused: ledger.add(to: pool.statementsRefused.only)
        }
    }

    /// The store measured something.
    func count(_ measurement: PostgreSQLTaskStore.Measurement) {
        switch measurement {
        case .committed(let writes, let took):
            ledger.observe(UInt64(writes), in: pool.batchSizes)
            ledger.observe(took, in: pool.batchTimes)
        case .divided: ledger.add(to: pool.batchesDivided.only)
        }
    }

    /// The worker has begun to end.
    func draining() {
        ledger.set(pool.isDraining.only, to: 1)
    }
}

extension CaseIterable where Self: Equatable, AllCases.Index == Int {
    /// The place among all cases.
    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
