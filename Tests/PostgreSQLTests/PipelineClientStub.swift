import Base
import EventLoop
import PostgreSQL
import Testing

/// Uses a pipeline and records its events.
final class PipelineClientStub: PipelineClient {
    enum Event: Equatable {
        case ready
        case rows(Int64)
        case row(Int64)
        case failed(String)
        case skipped
        case synced
        case undone(String)
        case lost(String)
    }

    static let double = Statement("select $1 * 2", parameters: [.bigint])
    static let divide = Statement("select 10 / $1", parameters: [.bigint])
    static let sleep = Statement("select 1::bigint from pg_sleep($1)", parameters: [.bigint])
    static let count = Statement("select generate_series(1, $1)", parameters: [.bigint])
    static let pid = Statement("select pg_backend_pid()::bigint", parameters: [])
    static let forget = Statement("deallocate all", parameters: [])
    static let check = Statement("select 7::bigint", parameters: [])

    let loop: EventLoop
    let pipeline: Pipeline<PipelineClientStub>
    var events: [Event] = []
    var needsConnection = true
    var refusal: String?
    /// The knowledge at the last loss.
    private(set) var knowledge: LossKnowledge?
    private(set) var lastError: PostgreSQLError?
    var onEvent: ((Event) -> Void)?

    init(
        url: String? = nil, statements: [Statement] = [double, divide, sleep, count, pid, forget],
        checks: [Statement] = [check], on loop: EventLoop? = nil, database: Database? = nil
    ) throws {
        self.loop = try loop ?? EventLoop()
        pipeline = try Pipeline(
            to: database ?? Database(url: url ?? TestServer.url(), on: self.loop), statements: statements,
            checks: checks, on: self.loop)
        pipeline.client = self
    }

    func send(_ statement: Statement, _ number: Int64? = nil, rowByRow: Bool = false) {
        var parameters = Parameters()
        if !statement.parameters.isEmpty { parameters.append(number) }
        pipeline.send(statement, parameters, rowByRow: rowByRow)
    }

    func turn(atMost seconds: Double = 10, until isSo: () -> Bool) throws {
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        while !isSo() {
            try #require(Clock.monotonic < end, "\(events)")
            try loop.turn(timeout: 10_000_000)
        }
    }

    func connect() throws {
        pipeline.connect()
        try turn { pipeline.isReady }
        events = []
    }

    func refusal(ofSessionBy check: Statement, _ result: QueryResult) -> PostgreSQLError? {
        #expect(result.bigint(row: 0, column: 0) == 7)
        return refusal.map { PostgreSQLError(sqlState: SQLState("TODO0"), message: $0) }
    }

    func pipelineBecameReady() { add(.ready) }
    func pipelineSynced() { add(.synced) }
    func pipelineUndone(_ error: PostgreSQLError) { add(.undone(error.sqlState?.code ?? "-")) }
    func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge) {
        self.knowledge = knowledge
        lastError = error
        add(.lost(error.sqlState?.code ?? "-"))
    }
    func pipelineReceived(_ result: QueryResult) {
        switch result.outcome {
        case .row: add(.row(result.bigint(row: 0, column: 0)))
        case .rows: add(.rows(result.count > 0 ? result.bigint(row: 0, column: 0) : 0))
        case .failed(let error): add(.failed(error.sqlState?.code ?? "-"))
        case .skipped: add(.skipped)
        case .sync: Issue.record("a sync is not a statement's result")
        }
    }

    private func add(_ event: Event) {
        events.append(event)
        onEvent?(event)
    }
}
