import Base
import Testing

@Suite struct BytesTests {
    @Test(
        "Spans are equal when their bytes are equal, also where texts would compare differently",
        arguments: [
            ("", "", true), ("a", "a", true), ("a", "", false), ("ab", "ac", false), ("ab", "abc", false),
            ("\u{e9}", "e\u{301}", false), ("🐦", "🐦", true),
        ])
    func equality(one: String, other: String, areEqual: Bool) {
        #expect(isEqual(one, other) == areEqual)
        #expect(isEqual(other, one) == areEqual)
    }

    @Test(
        "A literal equals only its own UTF-8",
        arguments: [("état", true), ("etat", false), ("étatt", false), ("", false)])
    func literals(text: String, areEqual: Bool) {
        let isEqual = text.utf8.span.equals("état")
        #expect(isEqual == areEqual)
    }

    private func isEqual(_ one: String, _ other: String) -> Bool {
        one.utf8.span.equals(other.utf8.span)
    }

    @Test("Copies hold the borrowed bytes; invalid UTF-8 becomes U+FFFD in a text")
    func copies() {
        let bytes: [UInt8] = [0x61, 0xff, 0x62]
        let (copy, none, text) = (Array(copying: bytes.span), Array(copying: Span()), String(copying: bytes.span))
        #expect(copy == bytes && none.isEmpty && text == "a\u{fffd}b")
    }

    @Test("Hexadecimal digits are read in both cases and written in lower case")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            let expected = byte < 0x80 ? UInt8(String(Unicode.Scalar(byte)), radix: 16) : nil
            #expect(byte.hexadecimalValue == expected, "\(byte)")
            #expect(byte.isDigit == (0x30...0x39).contains(byte))
        }
        #expect(String(decoding: (UInt8(0)..<16).map(\.hexadecimalDigit), as: UTF8.self) == "0123456789abcdef")
    }

    @Test(
        "A number has at least the requested digits",
        arguments: [(0, 3, 10, "000"), (7, 2, 10, "07"), (1_234, 2, 10, "1234"), (255, 4, 16, "00ff"), (5, 0, 10, "5")]
            as [(UInt64, Int, Int, String)])
    func padding(number: UInt64, digits: Int, radix: Int, text: String) {
        #expect(String(number, minimumDigits: digits, radix: radix) == text)
    }

    // Test vectors of the algorithm's authors: http://www.isthe.com/chongo/tech/comp/fnv/
    @Test(
        "Hashes are those of FNV-1a",
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)])
    func hashes(text: String, value: UInt64) {
        var hash = FNV1a()
        hash.combine(text)
        #expect(hash.value == value)
        var byByte = FNV1a()
        for byte in text.utf8 { byByte.combine(byte) }
        #expect(byByte.value == value)
    }
}
