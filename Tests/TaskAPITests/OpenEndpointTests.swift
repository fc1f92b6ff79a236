import TaskAPI
import Testing

@Suite("Endpoints without a token")
struct OpenEndpointTests {
    private func open(_ method: String, _ target: String, _ state: ServiceState) -> Reply {
        let client = Client()
        client.state = state
        return client.send(
            Call(method, target).with {
                $0.authorization = ""
                $0.contentType = ""
            })
    }

    @Test("The root has the service's name, version and links")
    func root() {
        let reply = open("GET", "/", ServiceState(databaseIsConnected: true))
        #expect(reply.status == 200)
        #expect(reply.json["name"] == "todo-fcgi")
        #expect(reply.json["version"] == "1.2.3")
        #expect(reply.json["links"]["health"] == "/health")
    }

    @Test("Health is 200 whether the database is connected or not", arguments: ["/health", "/api/health", "/health/"])
    func health(target: String) {
        for (isConnected, word) in [(true, "connected"), (false, "disconnected")] {
            let reply = open("GET", target, ServiceState(databaseIsConnected: isConnected, reasonNotReady: "Draining"))
            #expect(reply.status == 200)
            #expect(
                reply.body
                    == #"{"status":"healthy","service":"todo-fcgi","version":"1.2.3","database":"\#(word)"}"#)
        }
    }

    @Test("Readiness is 200, or 503 with the reason in the shape of every error")
    func ready() {
        #expect(open("GET", "/ready", ServiceState(databaseIsConnected: true)).body == #"{"status":"ready"}"#)
        let reply = open(
            "GET", "/ready", ServiceState(databaseIsConnected: false, reasonNotReady: "No \"database\""))
        #expect(reply.status == 503)
        #expect(reply["Retry-After"] == "1")
        #expect(reply.json["detail"] == "No \"database\"")
        #expect(reply.json["message"] == "No \"database\"")
    }

    @Test(
        "HEAD is GET without the content, with its Content-Length",
        arguments: [
            "/", "/health", "/ready", "/api/ada/tasks", "/api/ada/tasks/1", "/api/ada/tasks/2", "/api/ada/tasks/x",
            "/api/bob/tasks", "/nowhere", "/%",
        ])
    func head(target: String) {
        let client = Client()
        client.create("One")
        let get = client.send("GET", target)
        let head = client.send("HEAD", target)
        #expect(head.headers.map { "\($0)" } == get.headers.map { "\($0)" })
        #expect(head["Content-Length"] == "\(get.body.utf8.count)")
        #expect(head.body == "")
    }
}
