import TaskAPI
import Tasks
import Testing

@Suite("PUT, PATCH and DELETE of a task")
struct UpdateTests {
    @Test(
        "A PUT changes only what is sent",
        arguments: [
            ("{}", TaskPatch()),
            (#"{"title":"New"}"#, TaskPatch(title: "New")),
            (#"{"title":null,"completed":null}"#, TaskPatch()),
            (#"{"description":null}"#, TaskPatch(description: .clear)),
            (#"{"description":"D"}"#, TaskPatch(description: .set("D"))),
            (#"{"description":""}"#, TaskPatch(description: .set(""))),
            (#"{"description":"D","description":null}"#, TaskPatch(description: .clear)),
            (#"{"completed":true}"#, TaskPatch(completed: true)),
            (#"{"is_completed":true}"#, TaskPatch()),
            (
                #"{"id":9,"user_id":"bob","title":"New","description":"D","completed":false,"created_at":"x"}"#,
                TaskPatch(title: "New", description: .set("D"), completed: false)
            ),
        ])
    func update(body: String, patch: TaskPatch) {
        let client = Client()
        client.create("Old")
        let reply = client.send("PUT", "/api/ada/tasks/1", body)
        #expect(reply.status == 200)
        // An empty patch is a read: `updated_at` stays unchanged.
        #expect(client.operation == TaskOperation(owner: "ada", patch.isEmpty ? .read(1) : .update(1, patch)))
        #expect(reply.json["title"] == .string(patch.title ?? "Old"))
    }

    @Test("An empty PUT leaves the task unchanged, updated_at included")
    func emptyUpdate() {
        let client = Client()
        client.create("Old")
        let before = client.send("GET", "/api/ada/tasks/1").body
        #expect(client.send("PUT", "/api/ada/tasks/1", "{}").body == before)
    }

    @Test(
        "A PUT of invalid values is 422, and all are listed, including the path's",
        arguments: [
            ("1", #"{"title":""}"#, [["body", "title"]]),
            ("1", #"{"title":"   ","completed":"no"}"#, [["body", "title"], ["body", "completed"]]),
            ("x", #"{"description":1}"#, [["path", "id"], ["body", "description"]]),
            ("1", "[]", [["body"]]), ("1", "null", [["body"]]), ("1", "", [["body"]]),
            ("x", "", [["path", "id"], ["body"]]),
        ] as [(String, String, [Reply.Value])])
    func invalidUpdate(id: String, body: String, places: [Reply.Value]) {
        let reply = Client().send("PUT", "/api/ada/tasks/\(id)", body)
        #expect(reply.status == 422)
        #expect(reply.json["errors"].elements.map { $0["loc"] } == places)
    }

    @Test(
        "Completing toggles without a state and sets with one",
        arguments: [
            ("", nil), ("{}", nil), ("null", nil), (" null ", nil), (#"{"other":1}"#, nil),
            (#"{"completed":null}"#, nil),
            (#"{"completed":true}"#, true), (#"{"completed":false}"#, false), (#"{"is_completed":true}"#, true),
            (#"{"is_completed":false}"#, false), (#"{"completed":null,"is_completed":true}"#, true),
            (#"{"is_completed":false,"completed":true}"#, true), (#"{"completed":false,"is_completed":true}"#, false),
            (#"{"id":1,"title":5,"completed":true}"#, true), (#"{"completed":1,"completed":true}"#, true),
        ])
    func complete(body: String, state: Bool?) {
        let client = Client()
        client.create("One")
        let reply = client.send("PATCH", "/api/ada/tasks/1/complete", body)
        #expect(reply.status == 200)
        #expect(client.operation == TaskOperation(owner: "ada", .complete(1, completed: state)))
        #expect(reply.json["completed"] == .boolean(state ?? true))
    }

    @Test(
        "A state of another type is 422",
        arguments: [
            (#"{"completed":"true"}"#, [["body", "completed"]]), (#"{"completed":1}"#, [["body", "completed"]]),
            (#"{"is_completed":{}}"#, [["body", "is_completed"]]),
            (#"{"completed":0,"is_completed":[]}"#, [["body", "completed"], ["body", "is_completed"]]),
            ("[]", [["body"]]), ("true", [["body"]]), ("0", [["body"]]),
        ] as [(String, [Reply.Value])])
    func invalidState(body: String, places: [Reply.Value]) {
        let reply = Client().send("PATCH", "/api/ada/tasks/1/complete", body)
        #expect(reply.status == 422)
        #expect(reply.json["errors"].elements.map { $0["loc"] } == places)
    }

    @Test("Completing checks the type of a body, and ignores it without a body")
    func completeTypes() {
        let client = Client()
        client.create("One")
        let call = Call("PATCH", "/api/ada/tasks/1/complete", "{}").with { $0.contentType = "text/plain" }
        #expect(client.send(call).status == 415)
        #expect(client.send(call.with { $0.body = [] }).status == 200)
    }

    @Test(
        "Requests without a body may have any type, and an unexpected body is not read",
        arguments: [
            ("GET", "/api/ada/tasks"), ("GET", "/api/ada/tasks/1"), ("DELETE", "/api/ada/tasks/1"),
        ])
    func bodiless(method: String, target: String) {
        for (type, body) in [("application/json", ""), ("text/plain", ""), ("text/plain", "{"), ("", "{}")] {
            let client = Client()
            client.create("One")
            let reply = client.send(Call(method, target, body).with { $0.contentType = type })
            #expect(reply.status == (method == "DELETE" ? 204 : 200))
        }
    }

    @Test("A request whose body is incomplete is not carried out, even where no body is expected")
    func cutShort() {
        let client = Client()
        client.create("One")
        let call = Call("DELETE", "/api/ada/tasks/1").with { $0.bodyIsIncomplete = true }
        #expect(client.send(call).status == 400)
        #expect(client.operation == nil)
    }

    @Test("A delete is 204 and empty, and the task is gone")
    func delete() {
        let client = Client()
        client.create("One")
        let reply = client.send("DELETE", "/api/ada/tasks/1")
        #expect(reply.statusLine == "204 No Content")
        #expect(reply.body == "")
        #expect(reply["Content-Type"] == nil)
        #expect(reply["Content-Length"] == nil)
        #expect(client.send("GET", "/api/ada/tasks/1").status == 404)
        #expect(client.send("DELETE", "/api/ada/tasks/1").json["detail"] == "Task not found")
    }

    @Test("A delete that nginx sends again also accepts a task that was deleted just before")
    func repeatedDelete() {
        let client = Client()
        client.create("T")
        let call = Call("DELETE", "/api/ada/tasks/1")
        #expect(client.send(call.with { $0.isRepeated = true }).status == 204)
        #expect(client.operation?.action == .delete(1, again: true))
        #expect(client.send(call).status == 404)
        #expect(client.operation?.action == .delete(1, again: false))
    }

    @Test(
        "The answer to a delete is configured, and nginx's location may override it",
        arguments: [
            (false, "", 204), (false, "204", 204), (false, "200", 200), (false, "418", 204),
            (true, "", 200), (true, "204", 204), (true, "200", 200), (true, "no", 200),
        ])
    func deleteStatus(saysMessage: Bool, word: String, status: Int) {
        let client = Client(deleteStatus: saysMessage ? .message : .noContent)
        client.create("One")
        let reply = client.send(Call("DELETE", "/api/ada/tasks/1").with { $0.deleteStatus = word })
        #expect(reply.status == status)
        #expect(reply.body == (status == 204 ? "" : #"{"message":"Task deleted successfully","id":1}"#))
    }

    @Test(
        "A task that this owner does not have is 404 for every method",
        arguments: [
            ("GET", "/api/ada/tasks/2", ""), ("PUT", "/api/ada/tasks/2", "{}"), ("DELETE", "/api/ada/tasks/2", ""),
            ("PATCH", "/api/ada/tasks/2/complete", ""),
        ])
    func noTask(method: String, target: String, body: String) {
        let client = Client()
        client.create("One")
        let reply = client.send(method, target, body)
        #expect(reply.status == 404)
        #expect(reply.json["detail"] == "Task not found")
    }
}
