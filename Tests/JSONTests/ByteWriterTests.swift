import JSON
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
        #expect(writer.text == expected)
        #expect(writer.count == expected.utf8.count)
    }

    @Test("a reset writer is empty and is written again, whatever memory it keeps", arguments: [0, 100, 4_096, .max])
    func resets(maximum: Int) {
        var writer = ByteWriter()
        for round in 0..<3 {
            writer.append(String(repeating: "x", count: 100_000))
            writer.reset(keepingCapacity: maximum)
            #expect(writer.count == 0)
            #expect(writer.text.isEmpty)
            writer.append("again \(round)")
            #expect(writer.text == "again \(round)")
            writer.truncate(to: 5)
            #expect(writer.text == "again")
        }
    }

    @Test(
        "integers are written as they are said",
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991,
            999_999_999_999_999_999,
            1_000_000_000_000_000_000, .max,
        ] as [Int64])
    func writesDecimals(value: Int64) {
        for value in [value, -value, -value - 1] {
            var writer = ByteWriter()
            writer.appendDecimal(value)
            #expect(writer.text == String(value))
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
        #expect(writer.text == text)
    }

    @Test("bytes set aside are filled in later")
    func replaces() {
        var writer = ByteWriter()
        writer.append("Status: 000\r\nContent-Length:           \r\n\r\n")
        writer.replace(at: 8, with: "201".utf8.span)
        writer.replace(29..<39, withDecimal: 4_096)
        #expect(writer.text == "Status: 201\r\nContent-Length:       4096\r\n\r\n")
        writer.replace(29..<39, withDecimal: 0)
        #expect(writer.text == "Status: 201\r\nContent-Length:          0\r\n\r\n")
    }

    @Test(
        "a JSON string escapes what it must and nothing else",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#),
            ("\0\u{1}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u001f\u{7f}\""), ("é😀\u{2028}", "\"é😀\u{2028}\""),
        ])
    func writesStrings(text: String, json: String) {
        var writer = ByteWriter()
        writer.appendJSONString(text)
        #expect(writer.text == json)
    }

    @Test("what must be escaped is found at every place of a text of every length")
    func escapesEverywhere() throws {
        for length in 1...40 {
            for place in 0..<length {
                for special in ["\"", "\\", "\u{1f}", "\0", "\u{7f}", "é"] {
                    let text =
                        String(repeating: "a", count: place) + special
                        + String(repeating: "b", count: length - place - 1)
                    var writer = ByteWriter(capacity: 64)
                    writer.append("[")
                    writer.appendJSONString(text)
                    writer.append("]")
                    #expect(try tree(Array(writer.text.utf8)) == .array([.string(text)]))
                }
            }
        }
    }

    @Test("every scalar that is written is read as itself")
    func roundTripsScalars() throws {
        var writer = ByteWriter()
        for value in UInt32(0)...0x10ffff {
            guard let scalar = Unicode.Scalar(value), value < 0x900 || value % 67 < 2 || value & 0xfff > 0xffd else {
                continue
            }
            let text = "\u{a0}" + String(Character(scalar)) + "tail of it" + String(Character(scalar))
            writer.reset()
            writer.appendJSONString(text)
            var reader = JSONReader(writer.bytes)
            let read = try reader.readString()
            try reader.finish()
            guard let read, read.utf8.elementsEqual(text.utf8) else {
                Issue.record("U+\(String(value, radix: 16))")
                return
            }
        }
    }

    @Test(
        "every integer that is written is read as itself",
        arguments: [0, 1, -1, 1 << 53, .max, .min, .min + 1] as [Int64])
    func roundTripsIntegers(value: Int64) throws {
        var writer = ByteWriter()
        writer.appendDecimal(value)
        #expect(try tree(writer.text) == .integer(value))
    }
}
