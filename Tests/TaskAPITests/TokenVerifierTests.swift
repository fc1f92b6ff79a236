import Base
import JSON
import JWT
import TaskAPI
import Tasks
import Testing

@Suite("The API with real tokens")
struct TokenVerifierTests {
    private static let now: Int64 = 1_763_760_000

    private func detail(_ header: String) throws -> (status: Int, detail: Reply.Value) {
        let verifier = TokenVerifier(keys: try KeySet(secrets: [SharedSecret(String(repeating: "s", count: 32))]))
        let api = API(APIConfiguration(version: "1"), verifier: verifier)
        let (method, target, header) = (Array("GET".utf8), Array("/api/ada/tasks/0".utf8), Array(header.utf8))
        let request = Request(
            method: method.span, target: target.span, body: [UInt8]().span, authorization: header.span)
        var writer = ByteWriter()
        _ = api.plan(request, at: Self.now, state: { ServiceState(databaseIsConnected: true) }, into: &writer)
        let reply = Reply(writer)
        return (reply.status, reply.json["detail"])
    }

    private func token(of user: String, expiresIn seconds: Int64 = 900, secret: String = "s") throws -> String {
        try SharedSecretSigner.mint(
            userID: user, issuedAt: Self.now - 3_600, expiresIn: 3_600 + seconds,
            secret: try SharedSecret(String(repeating: secret, count: 32)))
    }

    @Test("A signed token gives access to its user's tasks only; other tokens are refused with the detail")
    func tokens() throws {
        #expect(try detail("Bearer \(token(of: "ada"))") == (404, "Task not found"))
        #expect(try detail("Bearer \(token(of: "bob"))") == (403, "Access forbidden"))
        #expect(try detail("Bearer \(token(of: "ada", expiresIn: -600))") == (401, "Token expired"))
        #expect(try detail("Bearer \(token(of: "ada", secret: "t"))") == (401, "Invalid token"))
        #expect(try detail("Bearer \(token(of: "ada")) \(token(of: "ada"))") == (401, "Invalid token"))
        #expect(try detail("Bearer null") == (401, "Invalid token"))
        #expect(try detail("Bearer ") == (401, "Not authenticated"))
    }
}
