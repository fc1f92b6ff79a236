import EventLoop
import Testing

@testable import PostgreSQL

/// The value types of this module, with and without a server.
@Suite struct ValuesTests {
    @Test(
        "Each SQLSTATE belongs to a family",
        arguments: [
            ("08006", .notNow), ("08P01", .notNow), ("25006", .readOnly), ("40001", .conflict),
            ("40P01", .conflict), ("40002", .statement), ("57014", .notNow), ("55P03", .notNow), ("53200", .notNow),
            ("53100", .notNow), ("26000", .unknownStatement), ("0A000", .unknownStatement),
            ("42P05", .duplicateStatement), ("23505", .statement), ("42P01", .statement),
            ("XX000", .statement), ("", .statement),
        ] as [(String, SQLState.Family)])
    func family(code: String, family: SQLState.Family) {
        #expect(SQLState(code).family == family)
        #expect(PostgreSQLError(sqlState: SQLState(code), message: "").family == family)
    }

    @Test(
        "The severity, not the SQLSTATE, decides whether a session has ended",
        arguments: [
            ("08006", .error, false), ("57P01", .fatal, true), ("58030", .panic, true), ("53300", .fatal, true),
            ("25006", .error, false), (nil, nil, true),
        ] as [(String?, PostgreSQLError.Severity?, Bool)])
    func endsSession(code: String?, severity: PostgreSQLError.Severity?, endsSession: Bool) {
        let error = PostgreSQLError(sqlState: code.map(SQLState.init), severity: severity, message: "")
        #expect(error.endsSession == endsSession)
    }

    @Test("An error without SQLSTATE is libpq's, about a broken connection")
    func noCondition() {
        #expect(PostgreSQLError(sqlState: nil, message: "gone").endsSession)
        #expect(PostgreSQLError(sqlState: nil, message: "gone").description == "gone")
        #expect(PostgreSQLError(sqlState: SQLState("40001"), message: "no").description == "no (SQLSTATE 40001)")
    }

    @Test(
        "A text's fingerprint is the same in every version",
        arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
    func fingerprint(text: String, expected: String) {
        #expect(Statement.fingerprint(of: text) == expected)
        #expect(Statement(text, parameters: []).name == "todo_\(expected)")
    }

    @Test("Delays between attempts double, up to two seconds, with a jitter of a quarter", arguments: [0, 0.5, 0.999])
    func backoff(random: Double) {
        var backoff = Backoff()
        #expect(backoff.next(isSlow: false, random: random) == 0)
        for milliseconds in [50, 100, 200, 400, 800, 1_600, 1_600] {
            let expected = Double(milliseconds) * (0.75 + random / 2) * 1e6
            #expect(backoff.next(isSlow: false, random: random) == UInt64(expected))
        }
        for _ in 0..<100 { #expect(backoff.next(isSlow: false, random: random) <= 2_000_000_000) }
        let slow = backoff.next(isSlow: true, random: random)
        #expect(slow >= 7_500_000_000 && slow <= 12_500_000_000)
        backoff.succeeded()
        #expect(backoff.next(isSlow: false, random: random) == 0)
    }

    static let echo = Statement(
        "select $1, $2, $3, $2 is null, $1 is null, octet_length($1)::bigint, '2000-01-01T00:00:01Z'::timestamptz",
        parameters: [.text, .bigint, .boolean])

    @Test(
        "Values are unchanged by a round trip to the server",
        arguments: [
            (nil, nil, nil), ("", 0, false), ("text", -1, true), ("é😀\u{1}", .max, true), ("NULL", .min, nil),
            (String(repeating: "é", count: 500_000), 1, false),
        ] as [(String?, Int64?, Bool?)])
    func roundTrip(text: String?, number: Int64?, truth: Bool?) throws {
        let loop = try EventLoop()
        let receiver = Receiver()
        let pipeline = try Pipeline<Receiver>(
            to: Database(url: TestServer.url(), on: loop), statements: [Self.echo], checks: [PipelineClientStub.check],
            on: loop)
        pipeline.client = receiver
        pipeline.connect()
        while !pipeline.isReady { try loop.turn(timeout: 10_000_000) }
        var parameters = Parameters()
        // Twice, since the list's memory is reused.
        for _ in 0..<2 {
            parameters.removeAll()
            parameters.append(text)
            parameters.append(number)
            parameters.append(truth)
            pipeline.send(Self.echo, parameters)
        }
        pipeline.sendSync()
        while receiver.results.count < 2 { try loop.turn(timeout: 10_000_000) }
        for result in receiver.results {
            #expect(result.outcome == .rows && result.count == 1)
            #expect(result.text(row: 0, column: 0) == text)
            #expect(result.bytes(row: 0, column: 0).count == text?.utf8.count ?? 0)
            #expect(result.bigint(row: 0, column: 1) == number ?? 0)
            #expect(result.boolean(row: 0, column: 2) == truth ?? false)
            #expect(result.isNull(row: 0, column: 2) == (truth == nil))
            #expect(result.boolean(row: 0, column: 3) == (number == nil))
            #expect(result.boolean(row: 0, column: 4) == (text == nil))
            #expect(result.bigint(row: 0, column: 5) == Int64(text?.utf8.count ?? 0))
            #expect(result.bigint(row: 0, column: 6) == 1_000_000)
        }
    }

    private final class Receiver: PipelineClient {
        var results: [QueryResult] = []
        var needsConnection: Bool { true }
        func refusal(ofSessionBy check: Statement, _ result: QueryResult) -> PostgreSQLError? { nil }
        func pipelineBecameReady() {}
        func pipelineReceived(_ result: QueryResult) { results.append(result) }
        func pipelineSynced() {}
        func pipelineUndone(_ error: PostgreSQLError) {}
        func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge) {}
    }
}
