import JWT
import Testing

@Suite("Reading a key set")
struct JWKSetTests {
    private let x = "sq6DSI8e0C8Q9vyPLty8Jidp9AZniQdxO9NykPpmwuA"

    private func set(_ keys: String...) throws -> JWKSet {
        try JWKSet(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8.span)
    }

    /// The sample key with some members changed, added or (nil) removed.
    private func key(_ sample: String, _ changes: [(String, String?)]) -> String {
        var members = sample.dropFirst().dropLast().split(separator: ",").map(String.init)
        for (name, value) in changes {
            members.removeAll { $0.hasPrefix("\"\(name)\":") }
            if let value { members.append("\"\(name)\":\(value)") }
        }
        return "{\(members.joined(separator: ","))}"
    }

    @Test("The four types of keys are read, and an RSA key without alg may be used for two algorithms")
    func all() throws {
        let set = try JWKSet(PublicKeySample.all.utf8.span)
        #expect(set.refusals.isEmpty)
        #expect(set.keys.map(\.keyID) == ["ed", "p256", "p521", "rsa"])
        #expect(set.keys.map(\.algorithms) == [[.ed25519], [.es256], [.es512], [.rs256, .ps256]])
    }

    @Test(
        "A key may have use, key_ops and unknown members",
        arguments: [
            #""alg":"EdDSA""#, #""alg":"Ed25519""#, #""use":"sig""#, #""key_ops":["verify"]"#,
            #""key_ops":["sign","verify"]"#,
            #""x5c":["AAAA"],"x5t":"AA","ext":true,"createdAt":"2026-01-01""#,
        ])
    func members(extra: String) throws {
        let set = try set(#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)",\#(extra)}"#)
        #expect(set.keys.map(\.algorithms) == [[.ed25519]] && set.keys[0].keyID == nil)
    }

    @Test(
        "An RSA key with alg is used for that algorithm only",
        arguments: [("RS256", SignatureAlgorithm.rs256), ("PS256", .ps256)])
    func rsaAlgorithm(name: String, algorithm: SignatureAlgorithm) throws {
        #expect(try set(key(PublicKeySample.rsa, [("alg", "\"\(name)\"")])).keys.map(\.algorithms) == [[algorithm]])
    }

    @Test(
        "A key that must not be used is left out with its reason, and the others are read",
        arguments: [
            (PublicKeySample.ed25519, [("kty", nil)], .malformed),
            (PublicKeySample.ed25519, [("kty", "1")], .malformed),
            (PublicKeySample.ed25519, [("kid", "7")], .malformed),
            (PublicKeySample.ed25519, [("use", "[]")], .malformed),
            (PublicKeySample.ed25519, [("alg", "null")], .malformed),
            (PublicKeySample.ed25519, [("key_ops", "\"verify\"")], .malformed),
            (PublicKeySample.ed25519, [("key_ops", "[1]")], .malformed),
            (PublicKeySample.ed25519, [("x", "{}")], .malformed),
            (PublicKeySample.ed25519, [("kty", "\"AKP\"")], .unsupportedType),
            (PublicKeySample.ed25519, [("kty", "\"okp\"")], .unsupportedType),
            (PublicKeySample.ed25519, [("crv", "\"X25519\"")], .unsupportedType),
            (PublicKeySample.ed25519, [("crv", "\"Ed448\"")], .unsupportedType),
            (PublicKeySample.ed25519, [("crv", nil)], .unsupportedType),
            (PublicKeySample.es256, [("crv", "\"P-384\"")], .unsupportedType),
            (PublicKeySample.es256, [("crv", "\"secp256k1\"")], .unsupportedType),
            (PublicKeySample.es256, [("kty", "\"OKP\"")], .unsupportedType),
            (PublicKeySample.ed25519, [("kty", "\"oct\""), ("k", "\"AAAA\"")], .symmetric),
            (PublicKeySample.ed25519, [("d", "\"AAAA\"")], .privateMembers),
            (PublicKeySample.es256, [("d", "null")], .privateMembers),
            (PublicKeySample.rsa, [("p", "\"AAAA\"")], .privateMembers),
            (PublicKeySample.rsa, [("dq", "\"AAAA\"")], .privateMembers),
            (PublicKeySample.ed25519, [("use", "\"enc\"")], .notForSignatures),
            (PublicKeySample.ed25519, [("use", "\"SIG\"")], .notForSignatures),
            (PublicKeySample.ed25519, [("key_ops", "[\"encrypt\"]")], .notForSignatures),
            (PublicKeySample.ed25519, [("key_ops", "[]")], .notForSignatures),
            (PublicKeySample.ed25519, [("alg", "\"ES256\"")], .otherAlgorithm),
            (PublicKeySample.ed25519, [("alg", "\"HS256\"")], .otherAlgorithm),
            (PublicKeySample.ed25519, [("alg", "\"none\"")], .otherAlgorithm),
            (PublicKeySample.ed25519, [("alg", "\"\"")], .otherAlgorithm),
            (PublicKeySample.es256, [("alg", "\"ES512\"")], .otherAlgorithm),
            (PublicKeySample.es256, [("alg", "\"ES224\"")], .otherAlgorithm),
            (PublicKeySample.rsa, [("alg", "\"RS512\"")], .otherAlgorithm),
            (PublicKeySample.rsa, [("alg", "\"RSA-OAEP\"")], .otherAlgorithm),
            (PublicKeySample.rsa, [("alg", "\"HS256\"")], .otherAlgorithm),
            (PublicKeySample.ed25519, [("x", nil)], .malformedNumber),
            (PublicKeySample.ed25519, [("x", "\"sq6DSI8e0C8Q9vyPLty8Jidp9AZniQdxO9NykPpmwuA=\"")], .malformedNumber),
            (PublicKeySample.ed25519, [("x", "\"sq6DSI8e0C8Q9vyPLty8Jidp9AZniQdxO9NykPpmwuB\"")], .malformedNumber),
            (PublicKeySample.es256, [("y", nil)], .malformedNumber),
            (PublicKeySample.es256, [("x", "\"+/8\"")], .malformedNumber),
            (PublicKeySample.rsa, [("n", nil)], .malformedNumber),
            (PublicKeySample.rsa, [("e", "\"AQAB=\"")], .malformedNumber),
            (PublicKeySample.rsa, [("e", "\"Aw\"")], .tinyExponent),
            (PublicKeySample.rsa, [("e", "\"__8\"")], .tinyExponent),
            (PublicKeySample.ed25519, [("x", "\"AAAA\"")], .unsound("a number does not have the curve's length")),
            (PublicKeySample.es256, [("x", "\"AAAA\"")], .unsound("a number does not have the curve's length")),
            (
                PublicKeySample.es256, [("y", "\"tXt4IuhoBZJ2JHFzu-E6te6hWn7a4gr4kDUNYTZijTs\"")],
                .unsound("the point is not on the curve")
            ),
            (
                PublicKeySample.es512, [("crv", "\"P-256\"")],
                .unsound("a number does not have the curve's length")
            ),
            (PublicKeySample.rsa, [("n", "\"AQAB\"")], .unsound("the modulus has 17 bits")),
            (
                PublicKeySample.rsa, [("e", "\"AQ\"")],
                .unsound("the exponent is even, too small, too large or not in its shortest form")
            ),
            (
                PublicKeySample.rsa, [("e", "\"AAEAAQ\"")],
                .unsound("the exponent is even, too small, too large or not in its shortest form")
            ),
        ] as [(String, [(String, String?)], JWK.RefusalReason)])
    func refused(sample: String, changes: [(String, String?)], reason: JWK.RefusalReason) throws {
        let good = key(PublicKeySample.es512, [("kid", "\"good\"")])
        let set = try set(key(sample, changes), good)
        #expect(set.refusals.map(\.reason) == [reason])
        #expect(set.keys.map(\.keyID) == ["good"])
    }

    @Test("A refusal has the key's quoted kid")
    func refusalNames() throws {
        let set = try set(
            key(PublicKeySample.ed25519, [("kid", #""a\nb""#), ("use", "\"enc\"")]), "7", #"{"kty":"x"}"#)
        #expect(
            set.refusals.map(\.description) == [
                #"key "a\nb": not for signatures"#, "key without kid: malformed",
                "key without kid: of a type or curve that is not supported",
            ])
    }

    @Test("Two keys of the same kid and algorithm are both refused; the same kid for two algorithms is accepted")
    func duplicates() throws {
        let other = key(PublicKeySample.es256, [("kid", "\"ed\"")])
        let both = try set(PublicKeySample.ed25519, PublicKeySample.ed25519, other)
        #expect(both.keys.map(\.algorithms) == [[.es256]])
        #expect(both.refusals.map(\.reason) == [.duplicateKeyID, .duplicateKeyID])
        #expect(try set(PublicKeySample.ed25519, other).refusals.isEmpty)
    }

    @Test(
        "A text that is not a key set is refused",
        arguments: [
            "", "[]", "null", "{}", #"{"keys":{}}"#, #"{"keys":null}"#, #"{"keys":[]}x"#, #"{"keys":[]"#,
            #"{"keys":[],"keys":[]}"#,
            #"{"Keys":[]}"#, #"{"keys":[{"kty":"OKP","kty":"EC"}]}"#, "<html>",
        ])
    func malformed(text: String) {
        #expect(throws: JWKSetError.malformed) { try JWKSet(text.utf8.span) }
    }

    @Test("A key set has at most 100 keys and 256 KiB")
    func bounds() throws {
        let keys = { Array(repeating: "{}", count: $0).joined(separator: ",") }
        #expect(try set(keys(100)).refusals.count == 100)
        #expect(throws: JWKSetError.tooManyKeys) { try set(keys(101)) }
        let padding = String(repeating: " ", count: JWKSet.maximumBytes - 11)
        #expect(try JWKSet("{\"keys\":[]\(padding)}".utf8.span).keys.isEmpty)
        #expect(throws: JWKSetError.tooLong) { try JWKSet("{\"keys\":[] \(padding)}".utf8.span) }
    }
}
