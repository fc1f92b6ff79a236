import JWT
import Testing

@Suite("Tokens of public keys")
struct PublicKeyTokenTests {
    private func verifier(_ set: String = PublicKeySample.all, secret: String? = nil) throws -> TokenVerifier {
        let secrets = try secret.map { [try SharedSecret($0)] } ?? []
        let issuer = "https://todo.example/"
        return TokenVerifier(
            keys: try KeySet(secrets: secrets, publicKeys: JWKSet(set.utf8.span)),
            claims: ClaimsPolicy(issuers: [issuer], audiences: [issuer]))
    }

    private static let tokens = [
        PublicKeySample.tokenEdDSA, PublicKeySample.tokenEd25519Name, PublicKeySample.tokenES256,
        PublicKeySample.tokenES512, PublicKeySample.tokenRS256, PublicKeySample.tokenPS256,
    ]

    @Test("Another implementation's token of every algorithm is accepted, also from the cache", arguments: tokens)
    func accepted(token: String) throws {
        let verifier = try verifier()
        #expect(verifier.outcome(token) == .success("ann"))
        #expect(verifier.outcome(token) == .success("ann"))
        let forgetful = TokenVerifier(
            keys: try KeySet(publicKeys: JWKSet(PublicKeySample.all.utf8.span)), cache: .init(count: 0))
        for _ in 0..<3 { #expect(forgetful.outcome(token) == .success("ann")) }
    }

    @Test("A signature changed in any byte is refused, and the valid one is still accepted", arguments: tokens)
    func changedSignature(token: String) throws {
        let verifier = try verifier()
        let dot = try #require(token.lastIndex(of: "."))
        let signature = try #require(decoded(token[token.index(after: dot)...]))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            let text = String(decoding: Base64URL.encode(changed.span), as: UTF8.self)
            #expect(verifier.outcome(token[...dot] + text) == .failure(.badSignature), "byte \(index)")
        }
        for length in [1, 32, 63, signature.count - 1] where length < signature.count {
            let text = String(decoding: Base64URL.encode(signature.span.extracting(first: length)), as: UTF8.self)
            #expect(verifier.outcome(token[...dot] + text) == .failure(.badSignature), "\(length) bytes")
        }
        #expect(verifier.outcome(token) == .success("ann"))
    }

    @Test("Where little work is allowed, a public-key token is not verified unless it is cached", arguments: tokens)
    func littleWork(token: String) throws {
        let verifier = try verifier()
        let now = Sample.now
        #expect(try verifier.verify(token.utf8.span, at: now, allowing: .little) == nil)
        #expect(try verifier.verify(token.utf8.span, at: now, allowing: .any) == "ann")
        #expect(try verifier.verify(token.utf8.span, at: now, allowing: .little) == "ann")
    }

    @Test("Where little work is allowed, malformed tokens, unknown keys and shared secrets are still decided")
    func littleWorkIsDone() throws {
        let verifier = try verifier(PublicKeySample.set(PublicKeySample.ed25519), secret: Sample.secret)
        let now = Sample.now
        func refusal(_ token: String) -> TokenError? {
            do throws(TokenError) {
                _ = try verifier.verify(token.utf8.span, at: now, allowing: .little)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal("garbage") == .malformed)
        #expect(refusal(PublicKeySample.tokenES512) == .unknownKey)
        let claims = #"{"sub":"ann","iss":"https://todo.example/","aud":"https://todo.example/","exp":\#(now + 60)}"#
        #expect(try verifier.verify(Sample.token(claims).utf8.span, at: now, allowing: .little) == "ann")
    }

    @Test("A user is recent once a public-key token was verified, even after the keys were replaced")
    func recentUsers() throws {
        let verifier = try verifier(secret: Sample.secret)
        func recentUser(_ id: String) -> Int? { verifier.recentUser(id.utf8Span.span) }
        #expect(recentUser("ann") == nil)
        #expect(verifier.outcome(PublicKeySample.tokenEdDSA + "A") != .success("ann"))
        #expect(recentUser("ann") == nil)
        #expect(verifier.outcome(PublicKeySample.tokenEdDSA) == .success("ann"))
        let hash = try #require(recentUser("ann"))
        #expect(recentUser("anna") == nil)
        verifier.replaceKeys(try KeySet(secrets: [SharedSecret(Sample.secret)]))
        #expect(recentUser("ann") == hash)
        // Tokens signed with a shared secret make no user recent.
        let claims = #"{"sub":"bob","exp":4102444800,"iss":"https://todo.example","aud":"https://todo.example"}"#
        #expect(try verifier.outcome(Sample.token(claims)) == .success("bob"))
        #expect(recentUser("bob") == nil)
    }

    @Test("A token has a kid, or exactly one key must fit")
    func choice() throws {
        #expect(try verifier().outcome(PublicKeySample.tokenWithoutKid) == .success("ann"))
        #expect(try verifier().outcome(PublicKeySample.tokenES256WithoutKid) == .success("ann"))
        let renamed = PublicKeySample.ed25519.replacing("\"kid\":\"ed\"", with: "\"kid\":\"new\"")
        let nameless = PublicKeySample.ed25519.replacing(",\"kid\":\"ed\"", with: "")
        let two = try verifier(PublicKeySample.set(PublicKeySample.ed25519, renamed))
        #expect(two.outcome(PublicKeySample.tokenEdDSA) == .success("ann"))
        #expect(two.outcome(PublicKeySample.tokenWithoutKid) == .failure(.ambiguousKey))
        #expect(try verifier(PublicKeySample.set(renamed)).outcome(PublicKeySample.tokenEdDSA) == .failure(.unknownKey))
        #expect(
            try verifier(PublicKeySample.set(nameless)).outcome(PublicKeySample.tokenEdDSA) == .failure(.unknownKey))
        #expect(try verifier(PublicKeySample.set(nameless)).outcome(PublicKeySample.tokenWithoutKid) == .success("ann"))
    }

    @Test(
        "Before the first key set every token has an unknown key; without a configured one, an unsupported algorithm",
        arguments: tokens)
    func noKeys(token: String) throws {
        let empty = TokenVerifier(keys: try KeySet(publicKeys: JWKSet()))
        #expect(empty.outcome(token) == .failure(.unknownKey))
        let none = TokenVerifier(keys: try KeySet(secrets: [SharedSecret(Sample.secret)]))
        #expect(none.outcome(token) == .failure(.unsupportedAlgorithm))
    }

    @Test("A key with alg is not used for another algorithm, although its numbers would fit")
    func keyDecides() throws {
        let only = { (name: String) in PublicKeySample.rsa.replacing("\"kid\"", with: "\"alg\":\"\(name)\",\"kid\"") }
        let rs = try verifier(PublicKeySample.set(only("RS256")))
        #expect(rs.outcome(PublicKeySample.tokenRS256) == .success("ann"))
        #expect(rs.outcome(PublicKeySample.tokenPS256) == .failure(.unsupportedAlgorithm))
        let ps = try verifier(PublicKeySample.set(only("PS256")))
        #expect(ps.outcome(PublicKeySample.tokenPS256) == .success("ann"))
        #expect(ps.outcome(PublicKeySample.tokenRS256) == .failure(.unsupportedAlgorithm))
    }

    @Test(
        "HS256 with a published key as the secret is refused, with and without a shared secret configured",
        arguments: [
            PublicKeySample.rsaPEM, PublicKeySample.rsaPEM + "\n", PublicKeySample.rsa, PublicKeySample.ed25519,
        ])
    func keyAsSecret(text: String) throws {
        let header = #"{"alg":"HS256","kid":"rsa"}"#
        let token = try Sample.token(#"{"sub":"ann","exp":4102444800}"#, header: header, secret: text)
        #expect(try verifier().outcome(token) == .failure(.unsupportedAlgorithm))
        #expect(try verifier(secret: Sample.secret).outcome(token) == .failure(.badSignature))
    }

    @Test("HS256 with a public key's raw numbers as the secret is refused", arguments: ["x", "n", "y"])
    func numbersAsSecret(member: String) throws {
        for key in [PublicKeySample.ed25519, PublicKeySample.es256, PublicKeySample.rsa] {
            guard let start = key.firstRange(of: "\"\(member)\":\"")?.upperBound else { continue }
            let bytes = try #require(decoded(key[start...].prefix { $0 != "\"" }))
            let token = try SharedSecretSigner.sign(
                header: #"{"alg":"HS256"}"#, payload: #"{"sub":"ann","exp":4102444800}"#.utf8.span,
                secret: SharedSecret(bytes: bytes))
            #expect(try verifier().outcome(token) == .failure(.unsupportedAlgorithm))
            #expect(try verifier(secret: Sample.secret).outcome(token) == .failure(.badSignature))
        }
    }

    @Test("A shared secret and public keys work side by side")
    func both() throws {
        let verifier = try verifier(secret: Sample.secret)
        let claims = #"{"sub":"bob","exp":4102444800,"iss":"https://todo.example","aud":"https://todo.example"}"#
        #expect(try verifier.outcome(Sample.token(claims)) == .success("bob"))
        #expect(verifier.outcome(PublicKeySample.tokenEdDSA) == .success("ann"))
    }

    @Test(
        "A key that comes with the token is not trusted",
        arguments: [
            PublicKeySample.forgedWithJWK, PublicKeySample.forgedWithJKU, PublicKeySample.forgedWithJWKAlone,
        ])
    func embeddedKeys(token: String) throws {
        #expect(try verifier().outcome(token) == .failure(.badSignature))
    }

    @Test(
        "A kid is only compared",
        arguments: [PublicKeySample.tokenWithPathAsKid, PublicKeySample.tokenWithSQLAsKid])
    func hostileNames(token: String) throws {
        #expect(try verifier().outcome(token) == .failure(.unknownKey))
    }

    @Test("After the keys were replaced, tokens of the old ones are refused, cached or not")
    func rotation() throws {
        let verifier = try verifier()
        #expect(verifier.outcome(PublicKeySample.tokenEdDSA) == .success("ann"))
        verifier.replaceKeys(try KeySet(publicKeys: JWKSet(PublicKeySample.set(PublicKeySample.es256).utf8.span)))
        #expect(verifier.outcome(PublicKeySample.tokenEdDSA) == .failure(.unknownKey))
        #expect(verifier.outcome(PublicKeySample.tokenES256) == .success("ann"))
    }
}
