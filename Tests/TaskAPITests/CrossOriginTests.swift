import TaskAPI
import Testing

@Suite("Cross-origin requests")
struct CrossOriginTests {
    private let calls = [
        Call("GET", "/"), Call("GET", "/health"), Call("GET", "/api/ada/tasks"), Call("OPTIONS", "/api/ada/tasks"),
        Call("POST", "/api/ada/tasks", #"{"title":"T"}"#), Call("POST", "/api/ada/tasks", "{}"),
        Call("GET", "/nowhere"), Call("GET", "/%"), Call("PUT", "/health"), Call("DELETE", "/api/ada/tasks/1"),
        Call("GET", "/api/ada/tasks").with { $0.authorization = "" }, Call("GET", "/api/bob/tasks"),
    ]

    @Test("An allowed origin is echoed on every answer, errors included")
    func allowed() throws {
        let client = Client(origins: try AllowedOrigins(list: "https://a.example,https://b.example"))
        for call in calls {
            let reply = client.send(call.with { $0.origin = "https://b.example" })
            #expect(reply["Access-Control-Allow-Origin"] == "https://b.example")
            #expect(reply["Access-Control-Allow-Credentials"] == "true")
            #expect(reply["Access-Control-Expose-Headers"] == "ETag, Link, Location, Retry-After")
            #expect(reply["Vary"] == "Origin")
        }
    }

    @Test(
        "Any other origin is not allowed, and the answer still has Vary: Origin",
        arguments: [
            "", "null", "*", "https://c.example", "http://a.example", "https://a.example/", "https://A.example",
            "https://a.example.evil", "https://a.example:443", "https://a.exampl",
        ])
    func others(origin: String) throws {
        let client = Client(origins: try AllowedOrigins(list: "https://a.example"))
        for call in calls {
            let reply = client.send(call.with { $0.origin = origin })
            #expect(reply["Access-Control-Allow-Origin"] == nil)
            #expect(reply["Access-Control-Allow-Credentials"] == nil)
            #expect(reply["Vary"] == "Origin")
        }
    }

    @Test(
        "OPTIONS is 204 on any path, without a token, and lists the allowed methods",
        arguments: [
            ("/api/ada/tasks", "GET, HEAD, POST, OPTIONS"), ("/api/ada/tasks/x", "GET, HEAD, PUT, DELETE, OPTIONS"),
            ("/api/ada/tasks/1/complete", "PATCH, OPTIONS"), ("/health", "GET, HEAD, OPTIONS"),
            ("/nowhere", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ("/%zz", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ])
    func preflight(target: String, allow: String) {
        let call = Call("OPTIONS", target).with {
            $0.authorization = ""
            $0.origin = "http://localhost:3000"
        }
        let reply = Client().send(call)
        #expect(reply.status == 204)
        #expect(reply.body == "")
        #expect(reply["Allow"] == allow)
        #expect(reply["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(reply["Access-Control-Allow-Headers"]?.contains("Authorization, Content-Type") == true)
        #expect(reply["Access-Control-Max-Age"] == "7200")
        #expect(reply["Access-Control-Allow-Origin"] == "http://localhost:3000")
    }

    @Test(
        "A list of origins is read in all its usual spellings",
        arguments: [
            ("", []), ("http://localhost:3000", ["http://localhost:3000"]),
            (" https://a.example/ , http://b.example:8080,", ["https://a.example", "http://b.example:8080"]),
            ("tauri://localhost", ["tauri://localhost"]), ("http://[::1]:3000", ["http://[::1]:3000"]),
            (#"["https://a.example", "http://[::1]:3000"]"#, ["https://a.example", "http://[::1]:3000"]),
            ("'https://a.example'", ["https://a.example"]), ("https://my_app.local", ["https://my_app.local"]),
        ])
    func list(text: String, origins: [String]) throws {
        #expect(try AllowedOrigins(list: text).origins == origins)
    }

    @Test(
        "A text that is not an origin is refused, * included",
        arguments: [
            "*", "https://*.example", "null", "a.example", "https://", "http://a.example/path", "http://a b",
            "https://a.example:", "https://a.example:123456", "https://a.example:80:80", "https://a.example:x",
            "https://user@a.example", "https://a.example?x", "https://a.example#x", "://a.example", "1://a.example",
            "HTTPS://a.example", "https://[::1", "https://[]", "https://[::1]x", "https://[g]",
            "https://\u{e9}.example",
        ])
    func noOrigin(text: String) {
        refused(text)
    }

    @Test(
        "Characters with a meaning to nginx or a shell are refused",
        arguments: [
            #"https://a.example" "x"; } server { #"#, #"https://a"b"#, "https://a';b", "https://a.example;",
            "https://$host",
            "https://${host}", "https://a{b}", "https://a\\b", "https://a\nb", "https://a.example\n", "https://a\rb",
            "https://a\tb", "https://a`id`", "https://$(id)", "https://a|b", "https://a&b", "https://a%22b",
            "https://a\u{0}b", "https://a\u{85}b", "https://a<b>", "https://a\u{301}", #""https://a.example"#,
        ])
    func hostile(text: String) {
        refused(text)
    }

    private func refused(_ text: String) {
        do {
            _ = try AllowedOrigins(list: "http://a.example,\(text)")
            Issue.record("\(text) was taken for an origin")
        } catch {
            #expect(error.origin == text)
            #expect(error.number == 2)
        }
    }
}
