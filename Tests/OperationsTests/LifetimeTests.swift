import Testing

@testable import Operations

@Suite("Lifetimes of development tokens")
struct LifetimeTests {
    @Test(
        "A number is seconds, or has a unit after it",
        arguments: [
            ("0", 0), ("900", 900), ("15s", 15), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("-5m", -300),
            ("-1", -1), ("+2h", 7_200), ("3650d", 315_360_000), ("315360000", 315_360_000), ("-3650d", -315_360_000),
        ])
    func valid(_ text: String, _ seconds: Int64) {
        #expect(Lifetime(argument: text)?.seconds == seconds)
    }

    @Test(
        "Any other text, and more than ten years, is refused",
        arguments: [
            "", "m", "-", "-h", "1.5h", "1w", "1 h", " 1", "h1", "1hh", "one", "0x10", "٣", "3651d", "315360001",
            "315360000d", "5256001m", "9223372036854775807", "-9223372036854775808", "9223372036854775807d",
            "92233720368547758080",
        ])
    func invalid(_ text: String) {
        #expect(Lifetime(argument: text) == nil)
    }
}
