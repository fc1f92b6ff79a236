import Testing

@testable import todo_fcgi

@Suite("REQUEST_START")
struct RequestStartTests {
    @Test(
        "Seconds with three decimals are a moment, and no other text is",
        arguments: [
            ("1700000000.123", 1_700_000_000_123_000_000), ("0.001", 1_000_000), ("0.000", 0), ("00.010", 10_000_000),
            ("1099511627.777", 1_099_511_627_777_000_000), ("10995116277.759", 10_995_116_277_759_000_000),
            ("", nil), (".", nil), (".123", nil), ("1", nil), ("1.", nil), ("1.12", nil), ("1.1234", nil),
            ("1.123x", nil), ("1..23", nil), ("1.2.3", nil), ("-1.000", nil), ("+1.000", nil), (" 1.000", nil),
            ("1,000", nil), ("1e3.000", nil), ("٣.000", nil),
            // More than 64 bits of nanoseconds hold.
            ("99999999999.999", nil), ("1125899906842.624", nil), ("11258999068426239.999", nil),
            ("99999999999999999999999999.000", nil),
        ])
    func moments(_ text: String, _ nanoseconds: UInt64?) {
        #expect(RequestStart.nanoseconds(text.utf8Span.span) == nanoseconds)
    }
}
