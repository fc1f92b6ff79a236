import Base
import EventLoop
import PostgreSQL
import Testing

/// Uses a pipeline and keeps what it was told.
final class PipelineClientStub: PipelineClient {
    enum Event: Equatable {
        case ready
        case rows(Int64)
        case failed(String)
        case skipped
        case synced
        case undone(String)
        case lost(String)
    }

    static let double = Statement("select $1 * 2", parameters: [.bigint])
    static let divide = Statement("select 10 / $1", parameters: [.bigint])
    static let sleep = Statement("select 1::bigint from pg_sleep($1)", parameters: [.bigint])
    static let pid = Statement("select pg_backend_pid()::bigint", parameters: [])
    static let forget = Statement("deallocate all", parameters: [])
    static let check = Statement("select 7::bigint", parameters: [])

    let loop: EventLoop
    let pipeline: Pipeline<PipelineClientStub>
    var events: [Event] = []
    var needsConnection = true
    var refusal: String?
    var onEvent: ((Event) -> Void)?

    init(
        url: String? = nil, statements: [Statement] = [double, divide, sleep, pid, forget], check: Statement = check
    ) throws {
        loop = try EventLoop()
        pipeline = try Pipeline(url: url ?? TestServer.url(), statements: statements, check: check, on: loop)
        pipeline.client = self
    }

    func send(_ statement: Statement, _ number: Int64? = nil) {
        var parameters = Parameters()
        if !statement.parameters.isEmpty { parameters.append(number) }
        pipeline.send(statement, parameters)
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

    func reasonToRefuse(_ check: QueryResult) -> String? {
        #expect(check.bigint(row: 0, column: 0) == 7)
        return refusal
    }

    func pipelineBecameReady() { add(.ready) }
    func pipelineSynced() { add(.synced) }
    func pipelineUndone(_ error: PostgreSQLError) { add(.undone(error.sqlState?.code ?? "-")) }
    func pipelineLost(_ error: PostgreSQLError) { add(.lost(error.sqlState?.code ?? "-")) }
    func pipelineReceived(_ result: QueryResult) {
        switch result.outcome {
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
