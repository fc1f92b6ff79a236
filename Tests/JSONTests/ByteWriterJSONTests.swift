import Base
import JSON
import Testing

@Suite struct ByteWriterJSONTests {
    @Test(
        "a JSON string escapes only what must be escaped",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#),
            ("\0\u{1}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u001f\u{7f}\""), ("é😀\u{2028}", "\"é😀\u{2028}\""),
        ])
    func writesStrings(text: String, json: String) {
        var writer = ByteWriter()
        writer.appendJSONString(text)
        #expect(written(writer) == json)
    }

    @Test("characters to escape are found at every position of texts of every length")
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
                    #expect(try tree(written(writer)) == .array([.string(text)]))
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
        #expect(try tree(written(writer)) == .integer(value))
    }

    private func written(_ writer: borrowing ByteWriter) -> String {
        String(copying: writer.bytes)
    }
}
