import JWT
import Metrics
import PoolMetrics
import TaskAPI
import TasksPostgreSQL

/// The metrics of one worker; every method is a few additions.
final class WorkerMetrics {
    let pool: PoolSchema
    let ledger: Ledger
    private let statuses: [Int]

    init(_ pool: PoolSchema, _ ledger: Ledger) {
        self.pool = pool
        self.ledger = ledger
        // From a status code to its index among the cases of `Status`.
        var statuses = [Int](repeating: 0, count: 600)
        for (index, status) in Status.allCases.enumerated() { statuses[status.rawValue] = index }
        self.statuses = statuses
    }

    // MARK: Requests

    /// Counts a request that was answered.
    ///
    /// - Parameter hasResult: whether the request went through all phases.
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
        // In the order of `Phases.names`.
        ledger.observe(phases.queue, in: pool.phases, 0)
        ledger.observe(phases.verify, in: pool.phases, 1)
        ledger.observe(phases.database, in: pool.phases, 2)
        ledger.observe(phases.write, in: pool.phases, 3)
    }

    /// Counts the result of an abandoned request.
    func abandoned() {
        ledger.add(to: pool.abandoned.only)
    }

    /// Counts a valid request that was refused.
    func refused(_ reason: Admission) {
        ledger.add(to: pool.refusals[reason.index])
    }

    /// Sets the number of requests that wait for the database.
    func inFlight(_ count: Int) {
        ledger.set(pool.inFlight.only, to: UInt64(count))
    }

    // MARK: The store

    /// Counts an event of the store's connections.
    func count(_ observation: PostgreSQLTaskStore.Observation) {
        switch observation {
        case .connected: break
        case .lost: ledger.add(to: pool.losses.only)
        case .refused: ledger.add(to: pool.statementsRefused.only)
        }
    }

    /// Records a measurement of the store.
    func count(_ measurement: PostgreSQLTaskStore.Measurement) {
        switch measurement {
        case .committed(let writes, let took):
            ledger.observe(UInt64(writes), in: pool.batchSizes)
            ledger.observe(took, in: pool.batchTimes)
        case .divided: ledger.add(to: pool.batchesDivided.only)
        }
    }

    /// Marks the worker as draining.
    func draining() {
        ledger.set(pool.isDraining.only, to: 1)
    }
}

extension CaseIterable where Self: Equatable, AllCases.Index == Int {
    /// The index among all cases.
    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
