import Base
import Testing

@Suite struct ByteWriterTests {
    @Test("bytes, texts and literals are appended in order, beyond the first capacity")
    func appends() {
        var writer = ByteWriter(capacity: 1)
        var expected = ""
        for round in 0..<200 {
            writer.append("literal ")
            writer.append(String(round))
            writer.append(UInt8(ascii: "\n"))
            writer.append("🐦".utf8.span)
            writer.append("" as StaticString)
            writer.append("" as String)
            expected += "literal \(round)\n🐦"
        }
        #expect(written(writer) == expected)
        #expect(writer.count == expected.utf8.count)
    }

    @Test("a reset writer is empty and can be written again, with any capacity kept", arguments: [0, 100, 4_096, .max])
    func resets(maximum: Int) {
        var writer = ByteWriter()
        for round in 0..<3 {
            writer.append(String(repeating: "x", count: 100_000))
            writer.reset(keepingCapacity: maximum)
            #expect(writer.count == 0)
            #expect(written(writer).isEmpty)
            writer.append("again \(round)")
            #expect(written(writer) == "again \(round)")
            writer.truncate(to: 5)
            #expect(written(writer) == "again")
        }
    }

    @Test(
        "integers are written in decimal",
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991,
            999_999_999_999_999_999,
            1_000_000_000_000_000_000, .max,
        ] as [Int64])
    func writesDecimals(value: Int64) {
        for value in [value, -value, -value - 1] {
            var writer = ByteWriter()
            writer.appendDecimal(value)
            #expect(written(writer) == String(value))
        }
    }

    @Test(
        "a decimal has as many digits as asked for, or more",
        arguments: [
            (7, 1, "7"), (7, 2, "07"), (0, 6, "000000"), (2026, 4, "2026"), (294_276, 4, "294276"), (-5, 3, "-005"),
            (123, 19, "0000000000000000123"), (.min, 2, "-9223372036854775808"),
        ] as [(Int64, Int, String)])
    func padsDecimals(value: Int64, digits: Int, text: String) {
        var writer = ByteWriter()
        writer.appendDecimal(value, minimumDigits: digits)
        #expect(written(writer) == text)
    }

    @Test("reserved bytes are filled in later")
    func replaces() {
        var writer = ByteWriter()
        writer.append("Content-Length:           \r\n\r\n")
        writer.replace(16..<26, withDecimal: 4_096)
        #expect(written(writer) == "Content-Length:       4096\r\n\r\n")
        writer.replace(16..<26, withDecimal: 0)
        #expect(written(writer) == "Content-Length:          0\r\n\r\n")
    }

    private func written(_ writer: borrowing ByteWriter) -> String {
        String(copying: writer.bytes)
    }
}
