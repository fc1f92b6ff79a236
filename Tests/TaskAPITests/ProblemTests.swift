import TaskAPI
import Tasks
import Testing

@Suite("Problem answers")
struct ProblemTests {
    @Test("Every error has the same shape, with a string detail and without a member named error")
    func shape() {
        let client = Client()
        for (call, status, title, detail) in [
            (Call("GET", "/nowhere"), 404, "Not Found", "Not found"),
            (Call("GET", "/%"), 400, "Bad Request", "Malformed request target"),
            (Call("POST", "/health"), 405, "Method Not Allowed", "Method not allowed"),
            (Call("GET", "/api/bob/tasks"), 403, "Forbidden", "Access forbidden"),
            (Call("GET", "/api/ada/tasks/1"), 404, "Not Found", "Task not found"),
            (
                Call("POST", "/api/ada/tasks", "x").with { $0.contentType = "text/xml" }, 415,
                "Unsupported Media Type", "The request body must be application/json"
            ),
            (
                Call("POST", "/api/ada/tasks", "x").with { $0.bodyIsTooLarge = true }, 413, "Content Too Large",
                "The request body is too large"
            ),
        ] {
            let reply = client.send(call)
            #expect(reply.statusLine == "\(status) \(title)")
            #expect(
                reply.body == """
                    {"type":"about:blank","title":"\(title)","status":\(status),"detail":"\(detail)",\
                    "message":"\(detail)","request_id":"r-1"}
                    """)
            #expect(reply["Content-Length"] == "\(reply.body.utf8.count)")
            #expect(reply["Content-Type"] == "application/json")
            #expect(reply["Cache-Control"] == "no-store")
        }
    }

    @Test("A 422 and a 400 of a body list the errors after the common members")
    func errors() {
        let client = Client()
        #expect(
            client.send("POST", "/api/ada/tasks", "{}").body == """
                {"type":"about:blank","title":"Unprocessable Content","status":422,"detail":"title: Field required",\
                "message":"title: Field required","request_id":"r-1",\
                "errors":[{"loc":["body","title"],"msg":"Field required","type":"missing"}]}
                """)
        #expect(
            client.send("POST", "/api/ada/tasks", #"{"title" "T"}"#).json["errors"].elements.map { $0["loc"] }
                == [["body", 9]])
    }

    @Test(
        "An error is application/problem+json only where Accept lists that type",
        arguments: [
            ("", "application/json"), ("*/*", "application/json"), ("application/json", "application/json"),
            ("application/problem+json", "application/problem+json"),
            ("text/html, Application/Problem+JSON;q=0.8 , */*", "application/problem+json"),
            ("application/problem+jsonx", "application/json"), (",,;", "application/json"),
        ])
    func type(accept: String, type: String) {
        let client = Client()
        #expect(client.send(Call("GET", "/nowhere").with { $0.accept = accept })["Content-Type"] == type)
        #expect(
            client.send(Call("GET", "/health").with { $0.accept = accept })["Content-Type"] == "application/json")
    }

    @Test("A request id that is not visible ASCII is left out", arguments: ["", "a b", "caf\u{e9}", "\u{1}"])
    func requestID(id: String) {
        let reply = Client().send(Call("GET", "/nowhere").with { $0.requestID = id })
        #expect(reply.json["request_id"] == .absent)
    }

    @Test(
        "An operation that failed is 503 with Retry-After, or 500 for an internal error",
        arguments: [
            ("GET", TaskFailure.unavailable, 503, "Service temporarily unavailable"),
            ("POST", .unavailable, 503, "Service temporarily unavailable"),
            ("GET", .timedOut, 503, "Service temporarily unavailable"),
            ("POST", .timedOut, 503, "Service temporarily unavailable; it is unknown whether the change was made"),
            (
                "POST", .outcomeUnknown, 503,
                "Service temporarily unavailable; it is unknown whether the change was made"
            ),
            ("GET", .refused(sqlState: "42P01"), 500, "Internal server error"),
            ("POST", .refused(sqlState: "23514"), 500, "Internal server error"),
        ])
    func failures(method: String, failure: TaskFailure, status: Int, detail: String) {
        let client = Client()
        client.failure = failure
        let reply = client.send(method, "/api/ada/tasks", method == "POST" ? #"{"title":"T"}"# : "")
        #expect(reply.status == status)
        #expect(reply.json["detail"] == .string(detail))
        #expect(reply["Retry-After"] == (status == 503 ? "1" : nil))
        #expect(!reply.body.contains("42P01") && !reply.body.contains("23514"))
    }

    @Test("A worker can refuse a valid request")
    func refusals() {
        let client = Client()
        let overloaded = client.refuse(.overloaded)
        #expect(overloaded.status == 503)
        #expect(overloaded["Retry-After"] == "1")
        let unknown = client.refuse(.unknownKey(retryAfter: 29))
        #expect(unknown.status == 503)
        #expect(unknown["Retry-After"] == "29")
        #expect(unknown.json["detail"] == "The token's key is not known yet")
        #expect(unknown["WWW-Authenticate"] == nil)
    }

    @Test("A short answer after a long one contains nothing of the long one")
    func reuse() {
        let client = Client()
        for _ in 0..<300 { client.create(String(repeating: "x", count: 200)) }
        #expect(client.send("GET", "/api/ada/tasks").json.elements.count == 300)
        let reply = client.send("GET", "/ready")
        #expect(reply.body == #"{"status":"ready"}"#)
        #expect(reply["Content-Length"] == "18")
    }
}
