import Testing

@testable import todo_fcgi

@Suite("REQUEST_START")
struct RequestStartTests {
    @Test(
        "Seconds with three decimals are a moment, and no other text is",
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
}
