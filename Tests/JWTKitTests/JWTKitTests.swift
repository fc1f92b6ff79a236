import CryptoExtras
import Foundation
import JWT
import JWTKit
import Testing

/// The claims of Better Auth's tokens that this service reads.
private struct Payload: JWTPayload {
    var sub: SubjectClaim = "ada"
    var iss: IssuerClaim = "https://todo.example"
    var aud = AudienceClaim(value: ["https://todo.example"])
    var exp: ExpirationClaim
    var email = "ada@example.com"

    func verify(using algorithm: some JWTAlgorithm) throws {}
}

/// A key pair of jwt-kit's: a collection that signs with it, and its public half as a JWK.
private struct Signer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let keys: JWTKeyCollection
    let jwk: String

    private init(_ name: String, _ keys: JWTKeyCollection, _ members: String) {
        testDescription = name
        self.keys = keys
        jwk = #"{"kid":"\#(name)",\#(members)}"#
    }

    func token(expiresIn seconds: Double = 600) async throws -> String {
        try await keys.sign(
            Payload(exp: .init(value: Date(timeIntervalSinceNow: seconds))), kid: .init(string: testDescription))
    }

    static func all() async throws -> [Signer] {
        func kid(_ name: String) -> JWKIdentifier { .init(string: name) }
        func encoded(_ data: Data) -> String { String(decoding: Base64URL.encode([UInt8](data).span), as: UTF8.self) }
        // jwt-kit writes a point's numbers in padded base64.
        func url(_ base64: String) throws -> String { encoded(try #require(Data(base64Encoded: base64))) }

        let ed25519 = try EdDSA.PrivateKey(curve: .ed25519)
        let x = encoded(ed25519.publicKey.rawRepresentation)
        let es256 = ES256PrivateKey()
        let p256 = try #require(es256.publicKey.parameters)
        let es512 = ES512PrivateKey()
        let p521 = try #require(es512.publicKey.parameters)
        let rsa = try Insecure.RSA.PrivateKey(backing: .init(keySize: .bits2048))
        let numbers = try rsa.publicKey.getKeyPrimitives()
        let members = #""kty":"RSA","n":"\#(encoded(numbers.modulus))","e":"\#(encoded(numbers.publicExponent))""#
        return [
            Signer(
                "EdDSA", await JWTKeyCollection().add(eddsa: ed25519, kid: kid("EdDSA")),
                #""kty":"OKP","crv":"Ed25519","x":"\#(x)""#),
            Signer(
                "ES256", await JWTKeyCollection().add(ecdsa: es256, kid: kid("ES256")),
                #""kty":"EC","crv":"P-256","x":"\#(try url(p256.x))","y":"\#(try url(p256.y))""#),
            Signer(
                "ES512", await JWTKeyCollection().add(ecdsa: es512, kid: kid("ES512")),
                #""kty":"EC","crv":"P-521","x":"\#(try url(p521.x))","y":"\#(try url(p521.y))""#),
            Signer(
                "RS256", await JWTKeyCollection().add(rsa: rsa, digestAlgorithm: .sha256, kid: kid("RS256")), members),
            Signer(
                "PS256", await JWTKeyCollection().add(pss: rsa, digestAlgorithm: .sha256, kid: kid("PS256")), members),
        ]
    }
}

extension TokenVerifier {
    /// The result of verifying a token now.
    fileprivate func outcome(_ token: String) -> Result<String, TokenError> {
        do throws(TokenError) {
            return .success(try verify(token.utf8.span, at: Int64(Date().timeIntervalSince1970)))
        } catch {
            return .failure(error)
        }
    }
}

@Suite("Tokens that jwt-kit signed")
struct JWTKitTests {
    private static let policy = ClaimsPolicy(issuers: ["https://todo.example"], audiences: ["https://todo.example"])

    private func verifier(of jwks: [String]) throws -> TokenVerifier {
        let set = try JWKSet(#"{"keys":[\#(jwks.joined(separator: ","))]}"#.utf8.span)
        #expect(set.refusals == [])
        return TokenVerifier(keys: try KeySet(publicKeys: set), claims: Self.policy)
    }

    @Test("A token of each algorithm is accepted with its own newly generated key, and with no other key")
    func publicKeys() async throws {
        for _ in 0..<5 {
            let signers = try await Signer.all()
            let others = try await Signer.all()
            let verifier = try verifier(of: signers.map(\.jwk))
            for (signer, other) in zip(signers, others) {
                #expect(verifier.outcome(try await signer.token()) == .success("ada"), "\(signer.testDescription)")
                #expect(verifier.outcome(try await signer.token(expiresIn: -600)) == .failure(.expired))
                #expect(verifier.outcome(try await other.token()) == .failure(.badSignature))
                let alone = try self.verifier(of: [signer.jwk])
                #expect(alone.outcome(try await signer.token()) == .success("ada"))
            }
        }
    }

    @Test("A token signed with a shared secret is accepted with that secret only")
    func sharedSecret() async throws {
        let secret = String(repeating: "s", count: 32)
        let keys = await JWTKeyCollection().add(hmac: .init(from: secret), digestAlgorithm: .sha256)
        let token = try await keys.sign(Payload(exp: .init(value: Date(timeIntervalSinceNow: 600))))
        #expect(TokenVerifier(keys: try KeySet(secrets: [SharedSecret(secret)])).outcome(token) == .success("ada"))
        let other = String(repeating: "t", count: 32)
        #expect(
            TokenVerifier(keys: try KeySet(secrets: [SharedSecret(other)])).outcome(token) == .failure(.badSignature))
        #expect(
            TokenVerifier(keys: try KeySet(secrets: [SharedSecret(other), SharedSecret(secret)])).outcome(token)
                == .success("ada"))
    }

    @Test("jwt-kit accepts the tokens that this program signs")
    func minted() async throws {
        let secret = String(repeating: "s", count: 32)
        let now = Int64(Date().timeIntervalSince1970)
        let token = try SharedSecretSigner.mint(
            userID: "ada", issuedAt: now, expiresIn: 600, secret: try SharedSecret(secret))
        struct Minted: JWTPayload {
            var sub: SubjectClaim
            var exp: ExpirationClaim
            func verify(using algorithm: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
        }
        let keys = await JWTKeyCollection().add(hmac: .init(from: secret), digestAlgorithm: .sha256)
        #expect(try await keys.verify(token, as: Minted.self).sub.value == "ada")
    }
}
