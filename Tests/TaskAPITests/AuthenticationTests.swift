import Base
import JSON
import JWT
import TaskAPI
import Tasks
import Testing

@Suite("Tokens")
struct AuthenticationTests {
    @Test(
        "A token that is absent, invalid or expired is 401, with the detail that clients match",
        arguments: [
            ("", "Not authenticated", "Bearer"),
            ("Basic YTpi", "Not authenticated", "Bearer"),
            ("token-of-ada", "Not authenticated", "Bearer"),
            ("Bearer", "Not authenticated", "Bearer"),
            ("Bearer  ", "Not authenticated", "Bearer"),
            ("Bearertoken-of-ada", "Not authenticated", "Bearer"),
            ("Bearer token-of-ada token-of-ada", "Invalid token", "Bearer error=\"invalid_token\""),
            ("Bearer forged", "Invalid token", "Bearer error=\"invalid_token\""),
            ("Bearer expired", "Token expired", "Bearer error=\"invalid_token\""),
        ])
    func refused(header: String, detail: String, challenge: String) {
        for (method, target) in [
            ("GET", "/api/ada/tasks"), ("POST", "/api/ada/tasks"), ("GET", "/api/ada/tasks/x"),
            ("PATCH", "/api/ada/tasks/1/complete"),
        ] {
            let call = Call(method, target, method == "POST" ? "not JSON" : "").with { $0.authorization = header }
            let reply = Client().send(call)
            #expect(reply.status == 401)
            #expect(reply.json["detail"] == .string(detail))
            #expect(reply["WWW-Authenticate"] == challenge)
        }
    }

    @Test(
        "The scheme's case and the spaces around a token are ignored",
        arguments: ["bearer token-of-ada", "BEARER token-of-ada", "Bearer   token-of-ada ", " Bearer token-of-ada"])
    func accepted(header: String) {
        #expect(Client().send(Call("GET", "/api/ada/tasks").with { $0.authorization = header }).status == 200)
    }

    @Test("A token whose key is missing is neither accepted nor refused: the plan names the key")
    func missingKey() throws {
        let client = Client()
        let call = Call("POST", "/api/ada/tasks", "not JSON").with { $0.authorization = "Bearer signed-by-somebody" }
        let reply = client.send(call)
        #expect(client.awaited == MissingKey(keyID: "key of 18 bytes", algorithm: .ed25519))
        #expect(client.answered?.endpoint == .create)
        #expect(client.answered?.refusal == .unknownKey)
        #expect(reply.status == 401)
        #expect(reply.json["detail"] == "Invalid token")
        #expect(reply["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")
    }

    @Test(
        "The reason to refuse a token is reported for the log",
        arguments: [("Bearer expired", TokenError.expired), ("Bearer forged", .malformed), ("Basic x", nil)])
    func reasons(header: String, reason: TokenError?) {
        let client = Client()
        _ = client.send(Call("GET", "/api/ada/tasks").with { $0.authorization = header })
        #expect(client.answered?.refusal == reason)
    }

    @Test("Absent headers are treated like empty ones")
    func absentHeaders() {
        let (method, target) = (Array("GET".utf8), Array("/api/ada/tasks".utf8))
        let request = Request(method: method.span, target: target.span, body: [UInt8]().span)
        let api = API(APIConfiguration(version: "1"), verifier: StubVerifier())
        var writer = ByteWriter()
        _ = api.plan(request, at: 0, state: { ServiceState(databaseIsConnected: true) }, into: &writer)
        let reply = Reply(writer)
        #expect(reply.status == 401)
        #expect(reply.json["request_id"] == .absent)
    }

    @Test(
        "A path of another user is 403, compared byte for byte after decoding once",
        arguments: [
            ("ada", "bob", 403), ("ada", "Ada", 403), ("ada", "ad", 403), ("ada", "adaa", 403), ("ada", "ada%20", 403),
            ("ada", "%61da", 200), ("ada", "%2561da", 403),
            ("ada@example.org", "ada@example.org", 200), ("ada@example.org", "ada%40example.org", 200),
            ("a/b", "a%2Fb", 200), ("a/b", "a%2fb", 200), ("a+b", "a+b", 200), ("a_b", "a+b", 403),
            ("a_b", "a%20b", 200), ("a?b", "a%3Fb", 200), ("a%2Fb", "a%252Fb", 200),
            ("\u{e9}", "%C3%A9", 200), ("\u{e9}", "\u{e9}", 200), ("\u{e9}", "e%CC%81", 403), ("", "x", 403),
        ])
    func otherUser(user: String, segment: String, status: Int) {
        let call = Call("GET", "/api/\(segment)/tasks").with { $0.authorization = "Bearer token-of-\(user)" }
        let client = Client()
        let reply = client.send(call)
        #expect(reply.status == status)
        if status == 403 {
            #expect(reply.json["detail"] == "Access forbidden")
        } else {
            #expect(client.operation?.owner == (user == "a_b" ? "a b" : user))
        }
    }

    @Test(
        "Route, token, user, body, values, task: the first failed check determines the answer",
        arguments: [
            ("PUT", "/api/ada/task/x", "", "text/plain", "nonsense", 404),
            ("POST", "/api/ada/tasks/x", "", "text/plain", "nonsense", 405),
            ("PUT", "/api/ada/tasks/x", "", "text/plain", "nonsense", 401),
            ("PUT", "/api/ada/tasks/x", "Bearer token-of-bob", "text/plain", "nonsense", 403),
            ("PUT", "/api/ada/tasks/x", "Bearer token-of-ada", "text/plain", "nonsense", 415),
            ("PUT", "/api/ada/tasks/x", "Bearer token-of-ada", "application/json", "nonsense", 400),
            ("PUT", "/api/ada/tasks/x", "Bearer token-of-ada", "application/json", "{}", 422),
            ("PUT", "/api/ada/tasks/0", "Bearer token-of-ada", "application/json", #"{"title":1}"#, 422),
            ("PUT", "/api/ada/tasks/0", "Bearer token-of-ada", "application/json", "{}", 404),
            ("PUT", "/api/ada/tasks/7", "Bearer token-of-ada", "application/json", "{}", 404),
        ])
    func order(method: String, target: String, token: String, type: String, body: String, status: Int) {
        let call = Call(method, target, body).with {
            $0.authorization = token
            $0.contentType = type
        }
        #expect(Client().send(call).status == status)
    }

    @Test("A user's tasks are not visible to other users")
    func apart() {
        let client = Client()
        client.create("Ada's")
        let call = Call("GET", "/api/bob/tasks/1").with { $0.authorization = "Bearer token-of-bob" }
        #expect(client.send(call).status == 404)
        #expect(client.send("GET", "/api/ada/tasks/1").status == 200)
    }
}
