import Logging
import Testing

@testable import todo_fcgi

@Suite("Lines of the log")
struct LogTests {
    private static let fields = [
        LogField(key: "msg", text: "request failed"), LogField("status", .stringConvertible(503)),
        LogField("write_ms", .stringConvertible(Milliseconds(12_345_678))), LogField("cause", "a \"b\"\nc=\u{7}"),
    ]

    @Test(
        "An event is one line, whatever is in it",
        arguments: [
            (.logfmt, #"msg="request failed" status=503 write_ms=12.345 cause="a \"b\"\nc=\u0007""#),
            (.json, #"{"msg":"request failed","status":503,"write_ms":12.345,"cause":"a \"b\"\nc=\u0007"}"#),
        ] as [(LogFormat, String)])
    func line(format: LogFormat, expected: String) {
        #expect(format.line(Self.fields) == expected)
    }

    @Test(
        "A value is quoted where it is not one plain word",
        arguments: [
            ("plain", "plain"), ("", #""""#), ("two words", #""two words""#), ("a=b", #""a=b""#), ("é", #""é""#),
            ("tab\there", #""tab\u0009here""#), ("\u{85}", #""\u0085""#), ("\u{2028}", #""\u2028""#), (#"\"#, #""\\""#),
        ])
    func quoted(text: String, expected: String) {
        #expect(LogFormat.quoted(text) == expected)
    }

    @Test(
        "Times have three decimals of a millisecond",
        arguments: [
            (0, "0.000"), (999, "0.000"), (1_000, "0.001"), (5_043_000, "5.043"), (12_000_000_000, "12000.000"),
        ]
            as [(UInt64, String)])
    func milliseconds(nanoseconds: UInt64, text: String) {
        #expect(Milliseconds(nanoseconds).description == text)
    }

    @Test("A burst is let through, then one line a second, and the next that is says how many were left out")
    func limit() {
        let second: UInt64 = 1_000_000_000
        var limit = LogLimit(burst: 3)
        let first = (0..<5).map { _ in limit.admit(at: 10 * second).isAdmitted }
        #expect(first == [true, true, true, false, false])
        let next = (0..<2).map { _ in limit.admit(at: 11 * second) }
        #expect(next[0].isAdmitted && next[0].suppressed == 2 && !next[1].isAdmitted)
        // A long silence gives the burst back, not more.
        let later = (0..<5).map { _ in limit.admit(at: 1_000 * second).isAdmitted }
        #expect(later == [true, true, true, false, false])
    }
}
