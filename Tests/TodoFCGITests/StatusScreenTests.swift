import Metrics
import PoolMetrics
import Testing

@testable import Operations
@testable import TaskAPI
@testable import todo_fcgi

@Suite("A worker's metrics on the status screen")
struct StatusScreenTests {
    @Test("All parts of the screen show a worker's metrics")
    func screen() throws {
        let pool = PoolSchema()
        let ledger = try Ledger.unshared(pool.schema, version: "1", at: 1_000)
        let metrics = WorkerMetrics(pool, ledger)
        metrics.answered(
            .init(endpoint: .list, status: .ok), Phases(verify: 10_000, database: 300_000), hasResult: true)
        metrics.refused(.queueTime)
        let text = Exposition(Snapshot(ledger), pool.schema, prefix: PoolSchema.prefix, version: "1").text
        let lines = StatusScreen(Samples(text), since: nil, seconds: 0, at: 1_010, isStyled: false).lines
        for part in ["1 worker ", "10 s", "1 refused for load", "0 failed (5xx)", "verify 0.01 0.01"] {
            #expect(lines.contains { $0.contains(part) }, "\(part)")
        }
        let row = try #require(lines.first { $0.hasPrefix("  list") }).split(separator: " ").map(String.init)
        #expect(row == ["list", "0.1", "0.35", "0.50", "1", "0", "0"])
    }
}
