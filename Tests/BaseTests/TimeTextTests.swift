import Base
import Testing

@Suite struct TimeTextTests {
    @Test(
        "A time is RFC 3339 in UTC, also before 1970",
        arguments: [
            (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "19700101T000000Z"),
            (-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z", "19691231T235959Z"),
            (1_709_210_096_007_999, "2024-02-29T12:34:56Z", "2024-02-29T12:34:56.007Z", "20240229T123456Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "00010101T000000Z"),
        ] as [(Int64, String, String, String)])
    func moments(microseconds: Int64, text: String, precise: String, stamp: String) {
        #expect(UTC.text(microseconds: microseconds) == text)
        #expect(UTC.text(microseconds: microseconds, withMilliseconds: true) == precise)
        #expect(UTC.stamp(microseconds: microseconds) == stamp)
    }

    @Test(
        "A duration is written in the largest unit of which there are two",
        arguments: [
            (-1, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"),
            (172_799, "47 h"), (200_000, "2 days"),
        ] as [(Int64, String)])
    func spans(seconds: Int64, text: String) {
        #expect(DurationText.of(seconds: seconds) == text)
    }
}
