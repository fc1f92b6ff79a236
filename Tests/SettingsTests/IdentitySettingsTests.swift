import JWKS
import JWT
import Testing

@testable import Settings

@Suite("Settings of identity")
struct IdentitySettingsTests {
    private static let secret = "k33p-this-secret-for-the-tests-only-0123456789"

    private func read(_ environment: [String: String]) -> (IdentitySettings, problems: [String]) {
        var reader = SettingsReader(environment)
        let settings = IdentitySettings(&reader)
        return (settings, reader.problems)
    }

    @Test(
        "Keys come from Better Auth's base URL, unless another source is set",
        arguments: [
            (["BETTER_AUTH_URL": "https://a.example"], "https://a.example/api/auth/jwks"),
            (["BETTER_AUTH_URL": "https://a.example/"], "https://a.example/api/auth/jwks"),
            (["BETTER_AUTH_URL": "https://a.example/api/auth"], "https://a.example/api/auth/jwks"),
            (["BETTER_AUTH_URL": "https://a.example/tenant"], "https://a.example/tenant/api/auth/jwks"),
            (["BETTER_AUTH_URL": "http://localhost:3000"], "http://localhost:3000/api/auth/jwks"),
            (["BETTER_AUTH_URL": "https://a.example", "JWKS_URL": "https://b.example/keys"], "https://b.example/keys"),
            (["BETTER_AUTH_URL": "https://a.example", "JWKS_FILE": "/etc/jwks.json"], "/etc/jwks.json"),
            (["JWKS_URL": "https://b.example/keys"], "https://b.example/keys"),
            (["JWKS_FILE": "/etc/jwks.json"], "/etc/jwks.json"),
            (["BETTER_AUTH_SECRET": secret], nil),
        ])
    func source(environment: [String: String], expected: String?) {
        let (settings, problems) = read(environment)
        #expect(settings.source?.description == expected)
        #expect(problems.isEmpty)
    }

    @Test("The issuer's URL may differ from the URL of its keys, and need not be https")
    func names() {
        let (settings, problems) = read([
            "BETTER_AUTH_URL": "http://app.example", "JWKS_URL": "https://internal.example/jwks",
        ])
        #expect(problems.isEmpty)
        #expect(settings.issuers == ["http://app.example"])
    }

    @Test(
        "Issuer and audience of the issuer's tokens are its URL, unless they are set",
        arguments: [
            (["BETTER_AUTH_URL": "https://a.example/"], ["https://a.example"], ["https://a.example"]),
            (
                ["BETTER_AUTH_URL": "https://a.example/api/auth"],
                ["https://a.example/api/auth", "https://a.example"],
                ["https://a.example/api/auth", "https://a.example"]
            ),
            (["BETTER_AUTH_URL": "https://a.example", "JWT_ISSUER": "x, y"], ["x", "y"], ["https://a.example"]),
            (["BETTER_AUTH_URL": "https://a.example", "JWT_AUDIENCE": "z"], ["https://a.example"], ["z"]),
            (["JWKS_URL": "https://b.example/keys"], [], []),
            (["JWKS_FILE": "/x", "JWT_ISSUER": "x"], ["x"], []),
        ])
    func expected(environment: [String: String], issuers: [String], audiences: [String]) {
        let settings = read(environment).0
        #expect(settings.issuers == issuers)
        #expect(settings.audiences == audiences)
    }

    @Test(
        "A token signed with the secret is not checked against Better Auth's URL, only against JWT_ISSUER and JWT_AUDIENCE",
        arguments: [(["BETTER_AUTH_URL": "https://a.example"], true), (["JWT_ISSUER": "https://a.example"], false)])
    func sharedSecret(more: [String: String], isAccepted: Bool) throws {
        let settings = read(more.merging(["BETTER_AUTH_SECRET": Self.secret]) { $1 }).0
        let verifier = TokenVerifier(
            keys: try settings.keySet(nil), claims: settings.claims, publicKeyClaims: settings.publicKeyClaims)
        let token = try SharedSecretSigner.mint(
            userID: "ada", issuedAt: 1_700_000_000, expiresIn: 60, secret: SharedSecret(Self.secret))
        let user = try? verifier.verify(token.utf8.span, at: 1_700_000_000)
        #expect(user == (isAccepted ? "ada" : nil))
    }

    @Test("At least one source of keys is required")
    func none() {
        let problems = read([:]).problems
        #expect(problems.count == 1)
        for name in ["BETTER_AUTH_SECRET", "BETTER_AUTH_URL", "JWKS_URL", "JWKS_FILE"] {
            #expect(problems.first?.contains(name) == true)
        }
    }

    @Test(
        "All problems are reported by name, without values",
        arguments: [
            (["BETTER_AUTH_URL": secret], ["BETTER_AUTH_URL must be an absolute URL"]),
            (["BETTER_AUTH_URL": "http://\(secret).example"], ["BETTER_AUTH_URL must begin with https://"]),
            (["JWKS_URL": "http://user:\(secret)@a.example"], ["JWKS_URL must begin with https://"]),
            (["JWKS_URL": "https://a.example", "JWKS_FILE": "/\(secret)"], ["JWKS_URL and JWKS_FILE are both set"]),
            (
                ["BETTER_AUTH_SECRET_PREVIOUS": secret, "JWKS_FILE": "/x"],
                ["BETTER_AUTH_SECRET_PREVIOUS is set without BETTER_AUTH_SECRET"]
            ),
            (
                ["BETTER_AUTH_SECRET": "short", "JWKS_URL": "x", "JWT_LEEWAY": "61", "TODO_STATE_DIR": "/\(secret)"],
                ["BETTER_AUTH_SECRET: ", "JWKS_URL must", "TODO_STATE_DIR must", "JWT_LEEWAY must"]
            ),
        ])
    func problems(environment: [String: String], expected: [String]) {
        let problems = read(environment).problems
        #expect(problems.count == expected.count)
        for (problem, start) in zip(problems, expected) { #expect(problem.hasPrefix(start)) }
        #expect(!problems.contains { $0.contains(Self.secret) })
    }

    @Test(
        "The state directory is TODO_STATE_DIR, else systemd's",
        arguments: [
            ([:], nil), (["TODO_STATE_DIR": "/tmp"], "/tmp"), (["STATE_DIRECTORY": "/var/lib/todo"], "/var/lib/todo"),
            (["STATE_DIRECTORY": "/var/lib/a:/var/lib/b"], "/var/lib/a"),
            (["TODO_STATE_DIR": "/tmp", "STATE_DIRECTORY": "/var/lib/todo"], "/tmp"),
        ])
    func state(environment: [String: String], directory: String?) {
        #expect(read(environment).0.stateDirectory == directory)
    }
}
