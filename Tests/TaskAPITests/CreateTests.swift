import Tasks
import Testing

@Suite("POST /api/{user_id}/tasks")
struct CreateTests {
    private func create(_ body: String) -> (reply: Reply, draft: TaskDraft?) {
        let client = Client()
        let reply = client.send("POST", "/api/ada/tasks", body)
        guard case .create(let draft) = client.operation?.action else { return (reply, nil) }
        return (reply, draft)
    }

    @Test("A new task is answered with all members and a relative Location")
    func whole() {
        let (reply, _) = create(#"{"title": "Milk", "description": "2 l", "completed": true}"#)
        #expect(reply.statusLine == "201 Created")
        #expect(reply["Location"] == "/api/ada/tasks/1")
        #expect(reply["Content-Type"] == "application/json")
        #expect(
            reply.body == """
                {"id":1,"user_id":"ada","title":"Milk","description":"2 l","completed":true,\
                "created_at":"2023-11-14T22:13:21.000001Z","updated_at":"2023-11-14T22:13:21.000001Z"}
                """)
        #expect(reply["Content-Length"] == "\(reply.body.utf8.count)")
    }

    @Test(
        "Absent and null members have defaults; unknown and read-only members are ignored",
        arguments: [
            (#"{"title":"T"}"#, TaskDraft(title: "T")),
            (#" { "title" : "T" } "#, TaskDraft(title: "T")),
            (#"{"title":"T","description":null,"completed":null}"#, TaskDraft(title: "T")),
            (#"{"title":"T","description":""}"#, TaskDraft(title: "T", description: "")),
            (#"{"title":"  T\n"}"#, TaskDraft(title: "  T\n")),
            (#"{"title":"T","priority":"high","tags":[{"a":[1,2.5e9]}],"due_date":null}"#, TaskDraft(title: "T")),
            (
                #"{"id":"x","user_id":7,"title":"T","created_at":{},"updated_at":false,"is_completed":3}"#,
                TaskDraft(title: "T")
            ),
            (#"{"title":1,"title":"T"}"#, TaskDraft(title: "T")),
            (#"{"title":"A","title":"B","completed":true,"completed":false}"#, TaskDraft(title: "B")),
            (#"{"titl\u0065":"\u00e9\ud83d\ude00\/"}"#, TaskDraft(title: "\u{e9}\u{1f600}/")),
            (#"{"Title":"ignored","title":"T"}"#, TaskDraft(title: "T")),
        ])
    func accepted(body: String, draft: TaskDraft) {
        let result = create(body)
        #expect(result.reply.status == 201)
        #expect(result.draft == draft)
    }

    @Test("Limits count Unicode code points, not bytes and not grapheme clusters")
    func limits() {
        for (unit, points) in [("a", 1), ("\u{e9}", 1), ("\u{1f600}", 1), ("e\u{301}", 2), ("\\u00e9", 1)] {
            let title = { String(repeating: unit, count: 200 / points + $0) }
            #expect(create(#"{"title":"\#(title(0))"}"#).reply.status == 201)
            let tooLong = create(#"{"title":"\#(title(1))"}"#).reply
            #expect(tooLong.status == 422)
            #expect(tooLong.json["errors"].elements.map { $0["type"] } == ["string_too_long"])
            let text = { String(repeating: unit, count: 1_000 / points + $0) }
            #expect(create(#"{"title":"T","description":"\#(text(0))"}"#).reply.status == 201)
            #expect(create(#"{"title":"T","description":"\#(text(1))"}"#).reply.status == 422)
        }
    }

    @Test(
        "Invalid values are 422, all of them listed, and the detail is a sentence",
        arguments: [
            ("{}", [["body", "title"]], ["missing"], "title: Field required"),
            (#"{"title":null}"#, [["body", "title"]], ["string_type"], "title: Input should be a valid string"),
            (#"{"title":5}"#, [["body", "title"]], ["string_type"], "title: Input should be a valid string"),
            (
                #"{"title":""}"#, [["body", "title"]], ["string_too_short"],
                "title: String should have at least 1 character that is not white space"
            ),
            (
                #"{"title":" \t\n\u00a0\u3000"}"#, [["body", "title"]], ["string_too_short"],
                "title: String should have at least 1 character that is not white space"
            ),
            (
                #"{"title":"a\u0000b"}"#, [["body", "title"]], ["value_error"],
                "title: String should not contain U+0000"
            ),
            (
                #"{"title":"T","description":"\u0000"}"#, [["body", "description"]], ["value_error"],
                "description: String should not contain U+0000"
            ),
            (
                #"{"title":"T","description":[]}"#, [["body", "description"]], ["string_type"],
                "description: Input should be a valid string"
            ),
            (
                #"{"title":"T","completed":"true"}"#, [["body", "completed"]], ["bool_type"],
                "completed: Input should be a valid boolean"
            ),
            (
                #"{"completed":1,"description":2}"#,
                [["body", "title"], ["body", "description"], ["body", "completed"]],
                ["missing", "string_type", "bool_type"],
                "title: Field required; description: Input should be a valid string; "
                    + "completed: Input should be a valid boolean"
            ),
            ("[]", [["body"]], ["model_attributes_type"], "body: Input should be an object"),
            ("null", [["body"]], ["model_attributes_type"], "body: Input should be an object"),
            (#""title""#, [["body"]], ["model_attributes_type"], "body: Input should be an object"),
            ("17", [["body"]], ["model_attributes_type"], "body: Input should be an object"),
            ("", [["body"]], ["missing"], "body: Field required"),
        ] as [(String, [Reply.Value], [Reply.Value], String)])
    func invalid(body: String, places: [Reply.Value], types: [Reply.Value], detail: String) {
        let reply = create(body).reply
        #expect(reply.status == 422)
        #expect(reply.json["errors"].elements.map { $0["loc"] } == places)
        #expect(reply.json["errors"].elements.map { $0["type"] } == types)
        #expect(reply.json["errors"].elements.allSatisfy { $0["msg"].text?.isEmpty == false })
        #expect(reply.json["detail"] == .string(detail))
        #expect(reply.json["message"] == .string(detail))
    }

    @Test(
        "A body that is not JSON is 400, even after an invalid value",
        arguments: [
            "{", "{]", #"{"title":"T"} x"#, #"{"title":"T",}"#, "{'title':'T'}", #"{"title":5,"#, "title=T", " ",
            #"{"title":"\ud800"}"#, #"{"title":"\x"}"#, "{\"title\":\"a\nb\"}", "{\"title\":\"a\u{0}b\"}",
            #"{"title":nul}"#, #"{"title":"T","x":01}"#, "\u{feff}{}", #"{"title":5,"x":[}"#,
            String(repeating: "[", count: 100_000),
        ])
    func notJSON(body: String) {
        let reply = create(body).reply
        #expect(reply.status == 400)
        #expect(reply.json["detail"] == "The request body is not valid JSON")
        #expect(reply.json["errors"].elements.map { $0["type"] } == ["json_invalid"])
    }

    @Test("A body that is not UTF-8 is 400")
    func notUTF8() {
        let call = Call("POST", "/api/ada/tasks").with { $0.body = Array(#"{"title":""#.utf8) + [0xFF, 0x22, 0x7D] }
        #expect(Client().send(call).status == 400)
    }

    @Test(
        "A body is application/json or has no type; any other type is 415",
        arguments: [
            ("application/json", 201), ("application/json; charset=utf-8", 201),
            ("Application/JSON ;charset=UTF-8", 201),
            ("", 201), ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415),
            ("application/jsonx", 415), ("application/merge-patch+json", 415), (";", 415),
        ])
    func types(type: String, status: Int) {
        let call = Call("POST", "/api/ada/tasks", #"{"title":"T"}"#).with { $0.contentType = type }
        #expect(Client().send(call).status == status)
    }

    @Test("A body that is too large is 413, an incomplete one is 400, and a wrong type is reported first")
    func unusable() {
        let call = Call("POST", "/api/ada/tasks", #"{"title":"T"}"#)
        let large = call.with { $0.bodyIsTooLarge = true }
        #expect(Client().send(large).status == 413)
        #expect(Client().send(large.with { $0.contentType = "text/plain" }).status == 415)
        let short = call.with { $0.bodyIsIncomplete = true }
        #expect(Client().send(short).json["detail"] == "The request body ended early")
        #expect(Client().send(short).status == 400)
        #expect(Client().send(short.with { $0.bodyIsTooLarge = true }).status == 413)
    }

    @Test(
        "The Location repeats the path's user segment, in characters that a header may hold",
        arguments: [
            ("ada@example.org", "ada@example.org"), ("ada%40example.org", "ada%40example.org"), ("a%2Fb", "a%2Fb"),
            ("\u{e9}", "%C3%A9"), ("a%22b", "a%22b"), ("a\"b", "a%22b"),
        ])
    func location(segment: String, expected: String) {
        let user = ["ada%40example.org": "ada@example.org", "a%2Fb": "a/b", "a%22b": "a\"b"][segment] ?? segment
        let call = Call("POST", "/api/\(segment)/tasks", #"{"title":"T"}"#).with {
            $0.authorization = "Bearer token-of-\(user)"
        }
        #expect(Client().send(call)["Location"] == "/api/\(expected)/tasks/1")
    }

    @Test(
        "Texts are returned as they were sent",
        arguments: ["\"quoted\" \\ / \u{8}\u{c}\n\r\t\u{1f}", "\u{2028}\u{1f9d1}\u{200d}\u{1f4bb} é ß", "</script>"])
    func roundTrip(text: String) {
        let client = Client()
        let escaped = text.unicodeScalars.map { $0.value < 0x20 ? "\\u00" + hex($0.value) : escape($0) }.joined()
        let reply = client.send("POST", "/api/ada/tasks", #"{"title":"\#(escaped)","description":"\#(escaped)"}"#)
        #expect(reply.json["title"] == .string(text))
        #expect(client.send("GET", "/api/ada/tasks/1").json["description"] == .string(text))
    }

    private func hex(_ value: UInt32) -> String {
        (value < 16 ? "0" : "") + String(value, radix: 16)
    }

    private func escape(_ scalar: Unicode.Scalar) -> String {
        scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : String(scalar)
    }
}
