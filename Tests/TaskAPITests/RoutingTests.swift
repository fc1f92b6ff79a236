import TaskAPI
import Testing

@Suite("Routes")
struct RoutingTests {
    @Test(
        "Every route of the contract exists, with and without one trailing slash",
        arguments: [
            ("GET", "/api/ada/tasks", "", 200), ("POST", "/api/ada/tasks", #"{"title":"T"}"#, 201),
            ("GET", "/api/ada/tasks/1", "", 200), ("PUT", "/api/ada/tasks/1", "{}", 200),
            ("PATCH", "/api/ada/tasks/1/complete", "", 200), ("DELETE", "/api/ada/tasks/1", "", 204),
            ("GET", "/health", "", 200), ("GET", "/api/health", "", 200), ("GET", "/ready", "", 200),
        ])
    func everyRoute(method: String, path: String, body: String, status: Int) {
        for target in [path, path + "/", path + "?", path + "/?", path + "?unknown=1"] {
            let client = Client()
            client.create("One")
            #expect(client.send(method, target, body).status == status, "\(target)")
        }
    }

    @Test(
        "A path without a route is 404 before the token is checked",
        arguments: [
            "/api", "/api/ada", "/api/ada/task", "/api/ada/tasks/1/2", "/api/ada/tasks/1/complete/2", "/API/ada/tasks",
            "//", "//api/ada/tasks", "/api//tasks", "/api/ada//tasks", "/api/ada/tasks//", "/api/ada/tasks//1",
            "/api/ada/tasks/1//", "/api/./tasks", "/api/../tasks", "/api/%2e%2E/tasks", "/api/ada/tasks/.",
            "/api/ada/tasks/%2e", "/api/x/../ada/tasks", "/api%2Fada/tasks", "/api/ada%2Ftasks", "/openapi.json",
            "/docs", "/metrics", "/health/x", "/a/b/c/d/e/f/g/h", "http://host//",
        ])
    func noRoute(target: String) {
        let reply = Client().send(Call("GET", target).with { $0.authorization = "" })
        #expect(reply.status == 404)
        #expect(reply.json["detail"] == "Not found")
    }

    @Test(
        "A malformed target is 400 before the token is checked",
        arguments: [
            "", "*", "api/ada/tasks", "/api/a%zz/tasks", "/api/a%2/tasks", "/api/ada/tasks%", "/api/a%00b/tasks",
            "/api/%c3%28/tasks", "/api/%ff/tasks", "/api/%ed%a0%80/tasks", "/api/a b/tasks", "/api/a\tb/tasks",
            "/api/a\r\nX: y/tasks", "/api/a\u{7f}/tasks", "ftp://host/api", "http:/api/ada/tasks", "host:80",
        ])
    func noPath(target: String) {
        let reply = Client().send(Call("GET", target).with { $0.authorization = "" })
        #expect(reply.status == 400)
        #expect(reply.json["detail"] == "Malformed request target")
    }

    @Test("Bytes that are not UTF-8 are refused even unescaped")
    func rawBytes() {
        let target = Array("/api/".utf8) + [0xC3, 0x28] + Array("/tasks".utf8)
        #expect(Client().send(Call("GET", ""), method: Array("GET".utf8), target: target).status == 400)
    }

    @Test(
        "An absolute-form target is routed by its path",
        arguments: [
            "http://host/api/ada/tasks", "HTTPS://host:8443/api/ada/tasks?limit=1", "http://host", "http://host?x=1",
        ])
    func absolute(target: String) {
        #expect(Client().send("GET", target).status == 200)
    }

    @Test(
        "A literal of a route may be escaped, and nothing is decoded twice",
        arguments: [("/%61pi/ada/t%61sks", 200), ("/api/ada/tasks/%31", 200), ("/api/ada/t%2561sks", 404)])
    func escaped(target: String, status: Int) {
        let client = Client()
        client.create("One")
        #expect(client.send("GET", target).status == status)
    }

    @Test(
        "A method that a path does not have is 405 with Allow, before the token is checked",
        arguments: [
            ("PATCH", "/api/ada/tasks", "GET, HEAD, POST, OPTIONS"),
            ("DELETE", "/api/ada/tasks", "GET, HEAD, POST, OPTIONS"),
            ("POST", "/api/ada/tasks/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
            ("PATCH", "/api/ada/tasks/x", "GET, HEAD, PUT, DELETE, OPTIONS"),
            ("GET", "/api/ada/tasks/1/complete", "PATCH, OPTIONS"),
            ("HEAD", "/api/ada/tasks/1/complete", "PATCH, OPTIONS"),
            ("POST", "/", "GET, HEAD, OPTIONS"), ("TRACE", "/health", "GET, HEAD, OPTIONS"),
            ("get", "/ready", "GET, HEAD, OPTIONS"), ("", "/ready", "GET, HEAD, OPTIONS"),
        ])
    func otherMethods(method: String, target: String, allow: String) {
        let reply = Client().send(Call(method, target).with { $0.authorization = "" })
        #expect(reply.status == 405)
        #expect(reply["Allow"] == allow)
    }

    @Test(
        "A task id that is not a whole number is 422; one out of range is 404",
        arguments: [
            ("x", 422), ("1x", 422), ("1.0", 422), ("+1", 422), ("-", 422), ("1-", 422), ("--1", 422), ("%20", 422),
            ("1%2F2", 422), ("0", 404), ("-1", 404), ("2", 404), ("9007199254740991", 404),
            ("9007199254740992", 404), ("9223372036854775808", 404),
            ("99999999999999999999999999999999999999999999999999", 404),
        ])
    func identifiers(id: String, status: Int) {
        let client = Client()
        client.create("One")
        for (method, path, body) in [
            ("GET", id, ""), ("PUT", id, "{}"), ("DELETE", id, ""), ("PATCH", "\(id)/complete", ""),
        ] {
            let reply = client.send(method, "/api/ada/tasks/\(path)", body)
            #expect(reply.status == status, "\(method)")
            if status == 422 {
                #expect(reply.json["errors"].elements.map { $0["loc"] } == [["path", "id"]])
                #expect(reply.json["errors"].elements.map { $0["type"] } == ["int_parsing"])
            } else {
                #expect(reply.json["detail"] == "Task not found")
            }
        }
    }

    @Test("The summary of an answer has the endpoint, for logs and metrics")
    func endpoints() {
        let client = Client()
        for (method, target, endpoint) in [
            ("GET", "/api/ada/tasks", Endpoint.list), ("GET", "/api/ada/tasks/9", .read), ("GET", "/ready", .readiness),
            ("OPTIONS", "/nowhere", .preflight), ("GET", "/nowhere", nil), ("PUT", "/ready", nil),
        ] {
            let reply = client.send(method, target)
            #expect(client.answered?.endpoint == endpoint)
            #expect(client.answered?.status.rawValue == reply.status)
        }
    }
}
