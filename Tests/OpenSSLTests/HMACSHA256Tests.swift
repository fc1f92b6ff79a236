import OpenSSL
import Testing

@Suite("HMAC with SHA-256")
struct HMACSHA256Tests {
    private struct File: Decodable {
        struct Group: Decodable {
            struct Case: Decodable {
                var tcId: Int
                var key, msg, tag, result: String
            }
            var tagSize: Int
            var tests: [Case]
        }
        var testGroups: [Group]
    }

    @Test("Every Wycheproof case has its expected result, and a truncated code is never valid")
    func wycheproofCases() throws {
        guard let file = try wycheproof("hmac_sha256_test.json", as: File.self) else { return }
        var count = 0
        for group in file.testGroups {
            for test in group.tests {
                let hmac = try HMACSHA256(key: bytes(hex: test.key).span)
                let (message, tag) = (bytes(hex: test.msg), bytes(hex: test.tag))
                let code = try hmac.code(for: message.span)
                let isPrefix = [UInt8](code.span).prefix(group.tagSize / 8).elementsEqual(tag)
                #expect(isPrefix == (test.result == "valid"), "case \(test.tcId)")
                let isWhole = hmac.isValid(tag.span, for: message.span)
                #expect(isWhole == (test.result == "valid" && group.tagSize == 256), "case \(test.tcId)")
                count += 1
            }
        }
        print("wycheproof hmac_sha256_test.json: \(count) cases")
        #expect(count == 174)
    }

    @Test("A context used before gives the same code as a fresh one")
    func contextIsReusable() throws {
        let hmac = try HMACSHA256(key: [UInt8]("key".utf8).span)
        let messages = ["", "a", String(repeating: "long ", count: 1_000), "a"]
        for message in messages {
            let fresh = try HMACSHA256(key: [UInt8]("key".utf8).span)
            let bytes = [UInt8](message.utf8)
            let (expected, code) = (try fresh.code(for: bytes.span), try hmac.code(for: bytes.span))
            #expect([UInt8](code.span) == [UInt8](expected.span), "message of \(bytes.count) bytes")
        }
    }
}

@Suite("Digests and comparison")
struct DigestTests {
    @Test(
        "SHA-256 gives the digests of FIPS 180",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func digests(message: String, digest: String) throws {
        let result = try SHA256.digest([UInt8](message.utf8).span)
        #expect([UInt8](result.span) == bytes(hex: digest))
    }

    @Test(
        "Byte strings are equal when length and every byte are",
        arguments: [
            ([], [], true), ([1], [], false), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false),
            ([1, 2], [1, 2, 0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func comparison(left: [UInt8], right: [UInt8], equal: Bool) {
        let isEqual = equalInConstantTime(left.span, right.span)
        #expect(isEqual == equal)
    }
}

extension Array<UInt8> {
    /// A copy of a span's bytes.
    init(_ span: Span<UInt8>) {
        self = span.indices.map { span[$0] }
    }
}
