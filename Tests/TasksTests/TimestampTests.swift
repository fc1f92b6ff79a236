import Tasks
import Testing

@Suite("Timestamps")
struct TimestampTests {
    private func components(_ microseconds: Int64) -> [Int64] {
        let parts = Timestamp(microsecondsSinceEpoch: microseconds).components
        return [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second, parts.microsecond]
    }

    @Test(
        "A count of microseconds is a time in the proleptic Gregorian calendar",
        arguments: [
            (0, [1970, 1, 1, 0, 0, 0, 0]),
            (1, [1970, 1, 1, 0, 0, 0, 1]),
            (-1, [1969, 12, 31, 23, 59, 59, 999_999]),
            (-86_400_000_000, [1969, 12, 31, 0, 0, 0, 0]),
            (951_782_400_000_000, [2000, 2, 29, 0, 0, 0, 0]),
            (4_107_456_000_000_000, [2100, 2, 28, 0, 0, 0, 0]),
            (4_107_542_400_000_000, [2100, 3, 1, 0, 0, 0, 0]),
            (1_709_251_199_999_999, [2024, 2, 29, 23, 59, 59, 999_999]),
            (1_735_689_599_000_000, [2024, 12, 31, 23, 59, 59, 0]),
            (-2_203_891_200_000_000, [1900, 3, 1, 0, 0, 0, 0]),
            (-62_135_596_800_000_000, [1, 1, 1, 0, 0, 0, 0]),
            (-62_135_596_800_000_001, [0, 12, 31, 23, 59, 59, 999_999]),
            (253_402_300_799_999_999, [9999, 12, 31, 23, 59, 59, 999_999]),
            (253_402_300_800_000_000, [10_000, 1, 1, 0, 0, 0, 0]),
            // Where PostgreSQL's timestamptz begins: 4714-11-24 BC.
            (-210_866_803_200_000_000, [-4713, 11, 24, 0, 0, 0, 0]),
            (.max, [294_247, 1, 10, 4, 0, 54, 775_807]),
        ] as [(Int64, [Int64])])
    func calendar(microseconds: Int64, parts: [Int64]) {
        #expect(components(microseconds) == parts)
    }

    @Test("Every day from year 1 to 9999 follows the day before it, in months of the right length")
    func everyDay() {
        var (year, month, day) = (Int64(1), Int64(1), Int64(1))
        var wrong = 0
        for number in Int64(-719_162)...2_932_896 {
            let parts = Timestamp(microsecondsSinceEpoch: number * 86_400_000_000 + 43_200_000_001).components
            let isRight = (parts.year, parts.month, parts.day) == (year, month, day)
            if !isRight || parts.hour != 12 || parts.microsecond != 1 { wrong += 1 }
            day += 1
            if day > length(ofMonth: month, in: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong == 0)
        #expect((year, month, day) == (10_000, 1, 1))
    }

    private func length(ofMonth month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    @Test("The limits of Int64 are valid times", arguments: [Int64.min, .min + 1, .max - 1, .max])
    func extremes(microseconds: Int64) {
        let parts = Timestamp(microsecondsSinceEpoch: microseconds).components
        #expect(1...12 ~= parts.month && 1...31 ~= parts.day && 0...23 ~= parts.hour)
        #expect(0...59 ~= parts.minute && 0...59 ~= parts.second && 0...999_999 ~= parts.microsecond)
    }

    @Test("Timestamps are ordered by time", arguments: [(-1, 0), (0, 1), (.min, .max)] as [(Int64, Int64)])
    func order(earlier: Int64, later: Int64) {
        #expect(Timestamp(microsecondsSinceEpoch: earlier) < Timestamp(microsecondsSinceEpoch: later))
        #expect(!(Timestamp(microsecondsSinceEpoch: later) < Timestamp(microsecondsSinceEpoch: earlier)))
    }
}
