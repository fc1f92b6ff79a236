import JWT
import Testing

@Suite("Base64url")
struct Base64URLTests {
    @Test(
        "The vectors of RFC 4648, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, text: String) {
        #expect(encoded(plain) == text)
        #expect(decoded(text) == Array(plain.utf8))
    }

    @Test("Every byte at every position decodes to itself after encoding")
    func roundTrip() {
        for length in 1...5 {
            for byte in UInt8.min...UInt8.max {
                let bytes = (0..<length).map { byte &+ UInt8($0) &* 85 }
                let text = String(decoding: Base64URL.encode(bytes.span), as: UTF8.self)
                #expect(decoded(text) == bytes)
            }
        }
    }

    @Test(
        "Padding, invalid characters, impossible lengths and non-zero trailing bits are refused",
        arguments: [
            "Zg=", "Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Z+9v", "Z/9v", "Zm9v ", " Zm9v", "Zm\n9v", "Zm9.",
            "Zm9é", "\u{0}AAA",
        ])
    func refused(text: String) {
        #expect(decoded(text) == nil)
    }
}
