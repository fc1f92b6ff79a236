import JWT
import Testing

@Suite("Attacks on a token's form and signature")
struct TokenAttackTests {
    private let claims = #"{"sub":"ann","exp":\#(Sample.now + 60)}"#

    /// A token with an arbitrary signature.
    private func unsigned(_ header: String, signature: String) -> String {
        "\(encoded(header)).\(encoded(claims)).\(signature)"
    }

    @Test("A valid token is accepted")
    func sound() throws {
        #expect(try Sample.verifier().outcome(Sample.token(claims)) == .success("ann"))
    }

    @Test(
        "The algorithm none is refused in any spelling, with and without a signature",
        arguments: [
            "none", "None", "NONE", "nOnE", "none ", " none", "", "no\\u006ee", "none\\u0000", "null", "ｎｏｎｅ",
        ], ["", "AA", "_wrong-signature_"])
    func none(algorithm: String, signature: String) throws {
        let refused: [Result<String, TokenError>] = [.failure(.unsupportedAlgorithm), .failure(.malformed)]
        let token = unsigned(#"{"alg":"\#(algorithm)"}"#, signature: signature)
        #expect(try refused.contains(Sample.verifier().outcome(token)))
        let signed = try Sample.token(claims, header: #"{"alg":"\#(algorithm)"}"#)
        #expect(try Sample.verifier().outcome(signed) == .failure(.unsupportedAlgorithm))
    }

    @Test(
        "A correct HMAC under a header that names another algorithm is refused",
        arguments: [
            "hs256", "HS384", "HS512", "HS256 ", "RS256", "ES256", "PS256", "EdDSA", "Ed25519", "ES512", "dir",
            "A256KW",
        ])
    func otherAlgorithm(algorithm: String) throws {
        let token = try Sample.token(claims, header: #"{"alg":"\#(algorithm)"}"#)
        #expect(try Sample.verifier().outcome(token) == .failure(.unsupportedAlgorithm))
    }

    @Test(
        "A header without a usable algorithm is refused",
        arguments: [
            "{}", #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"alg":256}"#, #"{"Alg":"HS256"}"#, "[]", "\"HS256\"", "",
            "{", #"{"alg":"HS256"} {}"#, #"{"alg":"HS256",}"#, "\u{feff}{\"alg\":\"HS256\"}",
            #"{"alg":"HS256","kid":1}"#, #"{"alg":"HS256","typ":{}}"#,
        ])
    func headerWithoutAlgorithm(header: String) throws {
        #expect(try Sample.verifier().outcome(Sample.token(claims, header: header)) == .failure(.malformed))
    }

    @Test(
        "Duplicate members of a header are refused, however they are escaped",
        arguments: [
            #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","\u0061lg":"none"}"#,
            #"{"alg":"HS256","x":1,"x":2}"#,
        ])
    func duplicateHeaderMembers(header: String) throws {
        let refused: [Result<String, TokenError>] = [.failure(.unsupportedAlgorithm), .failure(.malformed)]
        #expect(try refused.contains(Sample.verifier().outcome(Sample.token(claims, header: header))))
    }

    @Test(
        "Headers with critical extensions are refused",
        arguments: [
            #"{"alg":"HS256","crit":["b64"],"b64":false}"#, #"{"alg":"HS256","crit":[]}"#,
            #"{"alg":"HS256","crit":null}"#,
            #"{"alg":"HS256","b64":false}"#, #"{"alg":"HS256","b64":true}"#, #"{"alg":"HS256","cr\u0069t":["exp"]}"#,
        ])
    func criticalHeaders(header: String) throws {
        #expect(try Sample.verifier().outcome(Sample.token(claims, header: header)) == .failure(.unsupportedHeader))
    }

    @Test(
        "A token whose typ is not that of a bearer token is refused",
        arguments: [
            "dpop+jwt", "logout+jwt", "application/secevent+jwt", "VC+JWT", "JOSE+JSON", "application/jose+json",
        ])
    func foreignTypes(type: String) throws {
        let token = try Sample.token(claims, header: #"{"alg":"HS256","typ":"\#(type)"}"#)
        #expect(try Sample.verifier().outcome(token) == .failure(.foreignType))
    }

    @Test(
        "Unknown members of the header are ignored",
        arguments: [
            #""typ":"jwt""#, #""typ":"at+jwt""#, #""typ":"JOSE""#, #""kid":"k1""#, #""cty":"x""#,
            #""jwk":{"kty":"oct","k":"AAAA"}"#, #""jku":"https://evil.example/jwks""#, #""x5u":"https://evil.example""#,
            #""x5c":["MIIB"]"#, #""kid":"../../etc/passwd""#, #""kid":"' OR 1=1 --""#,
        ])
    func ignoredHeaders(member: String) throws {
        let token = try Sample.token(claims, header: #"{"alg":"HS256",\#(member)}"#)
        #expect(try Sample.verifier().outcome(token) == .success("ann"))
        let forged = try Sample.token(claims, header: #"{"alg":"HS256",\#(member)}"#, secret: Sample.otherSecret)
        #expect(try Sample.verifier().outcome(forged) == .failure(.badSignature))
    }

    @Test("A signature that is cut, emptied, lengthened, of zeros or changed in any bit is refused")
    func signatures() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.token(claims)
        let dot = try #require(token.lastIndex(of: "."))
        let (signed, signature) = (String(token[...dot]), String(token[token.index(after: dot)...]))
        #expect(verifier.outcome(signed) == .failure(.malformed))
        #expect(verifier.outcome(String(signed.dropLast())) == .failure(.malformed))
        for length in 1..<signature.count {
            guard case .failure = verifier.outcome(signed + signature.prefix(length)) else {
                Issue.record("accepted \(length) characters")
                continue
            }
        }
        #expect(verifier.outcome(signed + signature + "AAAA") == .failure(.badSignature))
        #expect(verifier.outcome(signed + "AAAA" + signature) == .failure(.badSignature))
        #expect(verifier.outcome(signed + String(repeating: "A", count: 43)) == .failure(.badSignature))
        #expect(verifier.outcome(signed + "null") == .failure(.badSignature))
        let bytes = try #require(decoded(signature))
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            let text = String(decoding: Base64URL.encode(changed.span), as: UTF8.self)
            #expect(verifier.outcome(signed + text) == .failure(.badSignature), "bit \(bit)")
        }
        #expect(verifier.outcome(token) == .success("ann"))
    }

    @Test("A token is refused if any one character is changed to any other")
    func everyCharacter() throws {
        let verifier = try Sample.verifier()
        let token = Array(try Sample.token(claims).utf8)
        #expect(verifier.outcome(String(decoding: token, as: UTF8.self)) == .success("ann"))
        for index in token.indices {
            for other in ["A", "Q", "_", ".", "=", " ", "+", "\u{0}"]
            where UInt8(ascii: Unicode.Scalar(other)!) != token[index] {
                var changed = token
                changed[index] = UInt8(ascii: Unicode.Scalar(other)!)
                guard case .failure = verifier.outcome(String(decoding: changed, as: UTF8.self)) else {
                    Issue.record("accepted \(other) at \(index)")
                    continue
                }
            }
        }
    }

    @Test("A token signed with another secret is refused")
    func otherSecret() throws {
        let token = try Sample.token(claims, secret: Sample.otherSecret)
        #expect(try Sample.verifier().outcome(token) == .failure(.badSignature))
    }

    @Test("With a current and a previous secret, tokens of either are accepted, and of no third")
    func previousSecret() throws {
        let third = "the third secret, of 32 bytes and more"
        let verifier = TokenVerifier(
            keys: try KeySet(secrets: [SharedSecret(Sample.secret), SharedSecret(Sample.otherSecret)]))
        #expect(try verifier.outcome(Sample.token(claims, secret: Sample.secret)) == .success("ann"))
        #expect(try verifier.outcome(Sample.token(claims, secret: Sample.otherSecret)) == .success("ann"))
        #expect(try verifier.outcome(Sample.token(claims, secret: third)) == .failure(.badSignature))
    }

    @Test("A secret below 32 bytes is refused; bytes count, not characters")
    func shortSecrets() throws {
        let short = String(repeating: "s", count: 31)
        #expect(throws: KeySetError.secretTooShort(bytes: 31)) { try SharedSecret(short) }
        #expect(throws: KeySetError.secretTooShort(bytes: 0)) { try SharedSecret("") }
        _ = try SharedSecret(String(repeating: "é", count: 16))
        #expect(String(reflecting: try SharedSecret(Sample.secret)) == "SharedSecret")
        #expect("\(try SharedSecret(Sample.secret))" == "SharedSecret")
    }

    @Test(
        "A text that is not three parts of canonical base64url is refused before any other check",
        arguments: [
            "", ".", "..", "...", "a.b", "a.b.c.d", ".a.b", "a..b", "a.b.", "Bearer x.y.z", "e30.e30.", " e30.e30.AAAA",
            "e30.e30.AAAA\n", "e30.e30=.AAAA", "e30.e30.A+/A", "e30.e30.A", "e31.e30.AAAA", "\u{0}",
            "{\"payload\":\"e30\"}",
        ])
    func notCompact(text: String) throws {
        #expect(try Sample.verifier().outcome(text) == .failure(.malformed))
    }

    @Test(
        "A valid token with white space or padding around or within it is refused",
        arguments: [" ", "\n", "\t", "=", "==", "%3D"])
    func whiteSpaceAndPadding(extra: String) throws {
        let verifier = try Sample.verifier()
        let token = try Sample.token(claims)
        let parts = token.split(separator: ".")
        for changed in [
            extra + token, token + extra, "\(parts[0])\(extra).\(parts[1]).\(parts[2])",
            "\(parts[0]).\(parts[1])\(extra).\(parts[2])", "\(parts[0]).\(extra)\(parts[1]).\(parts[2])",
        ] {
            #expect(verifier.outcome(changed) == .failure(.malformed))
        }
    }

    @Test("8 KiB are accepted; one byte more and 20 KB are too long")
    func length() throws {
        let verifier = try Sample.verifier()
        // Found by trial: three characters of padding add four to the token.
        var sizes: [Int: Result<String, TokenError>] = [:]
        for padding in 5_900...6_100 {
            let token = try Sample.valid("ann", extra: #","pad":"\#(String(repeating: "x", count: padding))""#)
            sizes[token.utf8.count] = verifier.outcome(token)
        }
        #expect(sizes.keys.contains { $0 > TokenLimits.bytes } && sizes.keys.contains { $0 >= TokenLimits.bytes - 1 })
        for (size, outcome) in sizes {
            #expect(outcome == (size <= TokenLimits.bytes ? .success("ann") : .failure(.tooLong)), "\(size) bytes")
        }
        let huge = try Sample.valid("ann", extra: #","pad":"\#(String(repeating: "x", count: 15_000))""#)
        #expect(verifier.outcome(huge) == .failure(.tooLong))
    }

    @Test("Deep nesting is refused in header and payload")
    func depth() throws {
        let verifier = try Sample.verifier()
        for (depth, accepted) in [(TokenLimits.depth - 1, true), (TokenLimits.depth, false), (1_500, false)] {
            let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let payload = try Sample.valid("ann", extra: ",\"x\":\(nested)")
            #expect(verifier.outcome(payload) == (accepted ? .success("ann") : .failure(.malformedClaims)))
            let header = try Sample.token(claims, header: "{\"alg\":\"HS256\",\"x\":\(nested)}")
            #expect(verifier.outcome(header) == (accepted ? .success("ann") : .failure(.malformed)))
        }
    }

    @Test("A reason for the log contains no part of the token")
    func descriptions() {
        for error in TokenError.allCases {
            #expect(error.description.hasPrefix("the token") || error.description.hasPrefix("no "))
        }
        #expect(Set(TokenError.allCases.map(\.description)).count == TokenError.allCases.count)
    }
}
