import JWT
import Testing

@Suite("Signing a token for development")
struct SharedSecretSignerTests {
    @Test("A signed token is valid for its user from issue to expiry", arguments: ["ann", "a \"b\"\\\n", "é😀", "17"])
    func minted(user: String) throws {
        let token = try SharedSecretSigner.mint(
            userID: user, issuedAt: Sample.now, expiresIn: 60, secret: SharedSecret(Sample.secret))
        let verifier = try Sample.verifier(claims: ClaimsPolicy(leeway: 0))
        #expect(verifier.outcome(token) == .success(user))
        #expect(verifier.outcome(token, at: Sample.now + 59) == .success(user))
        #expect(verifier.outcome(token, at: Sample.now + 60) == .failure(.expired))
        #expect(
            try Sample.verifier(claims: ClaimsPolicy(leeway: 0)).outcome(token, at: Sample.now - 1)
                == .failure(.notYetValid))
    }

    @Test("Header and claims are those of the replaced applications' tokens")
    func parts() throws {
        let token = try SharedSecretSigner.mint(
            userID: "ann", issuedAt: 1_000, expiresIn: 60, secret: SharedSecret(Sample.secret))
        let parts = token.split(separator: ".").map(String.init)
        #expect(parts[0] == encoded(#"{"alg":"HS256","typ":"JWT"}"#))
        #expect(parts[1] == encoded(#"{"sub":"ann","iat":1000,"exp":1060}"#))
    }
}
