import Testing

@testable import todo_fcgi

@Suite("REQUEST_START")
struct RequestStartTests {
    @Test(
        "Seconds with three decimals are parsed; any other text is not a time",
        arguments: [
            ("1700000000.123", 1_700_000_000_123_000_000), ("0.001", 1_000_000), ("0.000", 0),
            ("00.010", 10_000_000), ("9999999999.999", 9_999_999_999_999_000_000),
            ("", nil), (".", nil), (".123", nil), ("1", nil), ("1.", nil), ("1.12", nil), ("1.1234", nil),
            ("1.123x", nil), ("1..23", nil), ("1.2.3", nil), ("-1.000", nil), ("+1.000", nil), (" 1.000", nil),
            ("1,000", nil), ("1e3.000", nil), ("٣.000", nil),
            // Eleven digits of seconds, and more nanoseconds than 64 bits hold.
            ("10000000000.000", nil), ("99999999999.999", nil), ("1125899906842.624", nil),
            ("11258999068426239.999", nil),
            ("99999999999999999999999999.000", nil),
        ])
    func moments(_ text: String, _ nanoseconds: UInt64?) {
        #expect(RequestStart.nanoseconds(text.utf8Span.span) == nanoseconds)
    }

    @Test(
        "A start is used unless it is in the future, or earlier than a request of this process can be",
        arguments: [
            // In whole seconds: the start, now, the longest possible wait, the resulting age.
            (100, 100, 0, 0), (100, 103, 3, 3), (100, 103, 20, 3), (100, 103, 2, 0),
            // nginx's clock is ten seconds behind, or ahead.
            (90, 100, 0, 0), (90, 100, 1, 0), (110, 100, 20, 0),
            // The process was stopped for ten seconds.
            (90, 100, 10, 10),
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func ages(start: UInt64, now: UInt64, longest: UInt64, age: UInt64) {
        let second: UInt64 = 1_000_000_000
        let text = "\(start).000"
        #expect(
            RequestStart.age(text.utf8Span.span, at: now * second, longest: longest * second) == age * second)
    }

    @Test("The allowance for nginx's own delay is added")
    func allowance() {
        let now: UInt64 = 100_090_000_000
        #expect(RequestStart.age("100.000".utf8Span.span, at: now, longest: 0) == 90_000_000)
        #expect(RequestStart.age("99.900".utf8Span.span, at: now, longest: 0) == 0)
    }
}
