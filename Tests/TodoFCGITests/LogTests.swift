import Logging
import Settings
import Testing

@testable import todo_fcgi

@Suite("Log lines")
struct LogTests {
    private static let fields = [
        LogField(key: "msg", text: "request failed"), LogField("status", .stringConvertible(503)),
        LogField("write_ms", .stringConvertible(Milliseconds(12_345_678))), LogField("cause", "a \"b\"\nc=\u{7}"),
    ]

    @Test(
        "An event is one line, whatever its fields contain",
        arguments: [
            (.logfmt, #"msg="request failed" status=503 write_ms=12.345 cause="a \"b\"\nc=\u0007""#),
            (.json, #"{"msg":"request failed","status":503,"write_ms":12.345,"cause":"a \"b\"\nc=\u0007"}"#),
        ] as [(LogFormat, String)])
    func line(format: LogFormat, expected: String) {
        #expect(format.line(Self.fields) == expected)
    }

    @Test(
        "A plain word is unchanged; any other text is quoted and on one line",
        arguments: [
            ("word", "word"), ("a-b_c/d:e,f", "a-b_c/d:e,f"), ("", #""""#), ("two words", #""two words""#),
            ("a=b", #""a=b""#), (#"say "hi""#, #""say \"hi\"""#), (#"back\slash"#, #""back\\slash""#),
            ("line\nbreak", #""line\nbreak""#), ("\r\n", #""\u000d\n""#), ("tab\t", #""tab\u0009""#),
            ("\u{0}", #""\u0000""#), ("\u{1B}[31m", #""\u001b[31m""#), ("\u{7F}", #""\u007f""#),
            ("\u{85}\u{9B}", #""\u0085\u009b""#), ("naïve 🙂", #""naïve 🙂""#), ("é", #""é""#),
            ("\u{2028}", #""\u2028""#),
        ])
    func quoted(_ text: String, _ expected: String) {
        #expect(LogFormat.quoted(text) == expected)
        #expect(!LogFormat.quoted(text).unicodeScalars.contains { $0.value < 0x20 })
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

    @Test("After a burst one line per second is admitted, with the number of suppressed lines")
    func limit() {
        let second: UInt64 = 1_000_000_000
        var limit = LogLimit(burst: 3)
        let first = (0..<5).map { _ in limit.admit(at: 10 * second).isAdmitted }
        #expect(first == [true, true, true, false, false])
        let next = (0..<2).map { _ in limit.admit(at: 11 * second) }
        #expect(next[0].isAdmitted && next[0].suppressed == 2 && !next[1].isAdmitted)
        // A long pause restores the burst, not more.
        let later = (0..<5).map { _ in limit.admit(at: 1_000 * second).isAdmitted }
        #expect(later == [true, true, true, false, false])
    }

    @Test("A burst is admitted in the clock's first second as well, and a burst of 0 admits none")
    func limitAtStart() {
        var limit = LogLimit(burst: 1)
        #expect(limit.admit(at: 0) == (true, 0))
        #expect(limit.admit(at: 1) == (false, 0))
        #expect(limit.admit(at: 1_000_000_000) == (true, 1))
        var closed = LogLimit(burst: 0)
        #expect(closed.admit(at: 7_000_000_000) == (false, 0))
    }
}
