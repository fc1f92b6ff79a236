import TaskAPI
import Tasks
import Testing

@Suite("GET /api/{user_id}/tasks")
struct ListTests {
    private func query(_ text: String) -> TaskQuery? {
        let client = Client()
        #expect(client.send("GET", "/api/ada/tasks?\(text)").status == 200)
        guard case .list(let query) = client.operation?.action else { return nil }
        return query
    }

    @Test("A list is a bare array, newest first; an empty list as well")
    func bareArray() {
        let client = Client()
        #expect(client.send("GET", "/api/ada/tasks").body == "[]")
        client.create("One", "Two", "Three")
        let reply = client.send("GET", "/api/ada/tasks")
        #expect(reply.statusLine == "200 OK")
        #expect(reply.json.elements.map { $0["title"] } == ["Three", "Two", "One"])
        #expect(
            reply.json.elements[0].names
                == ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"])
        #expect(reply["Content-Length"] == "\(reply.body.utf8.count)")
    }

    @Test(
        "The shape of a list is configured, and nginx's location may override it",
        arguments: [
            (false, "", false), (false, "object", true), (false, "array", false), (false, "Object", false),
            (true, "", true), (true, "array", false), (true, "map", true),
        ])
    func shape(isObject: Bool, word: String, expected: Bool) {
        let client = Client(listShape: isObject ? .object : .array)
        client.create("One", "Two", "Three")
        let reply = client.send(Call("GET", "/api/ada/tasks?limit=2").with { $0.listShape = word })
        guard case .list(let query) = client.operation?.action else {
            Issue.record("no list was asked for")
            return
        }
        #expect(query.countsAll == expected)
        if expected {
            #expect(reply.json.names == ["tasks", "total", "count"])
            #expect(reply.json["tasks"].elements.count == 2)
            #expect(reply.json["total"] == 3)
            #expect(reply.json["count"] == 2)
        } else {
            #expect(reply.json.elements.count == 2)
        }
    }

    @Test(
        "Every filter has every spelling that clients use",
        arguments: [
            ("", TaskQuery()),
            ("completed=true", TaskQuery(completed: true)), ("completed=false", TaskQuery(completed: false)),
            ("completed=True", TaskQuery(completed: true)), ("completed=t%72ue", TaskQuery(completed: true)),
            ("status=all", TaskQuery()), ("status=pending", TaskQuery(completed: false)),
            ("status=active", TaskQuery(completed: false)), ("status=todo", TaskQuery(completed: false)),
            ("status=open", TaskQuery(completed: false)), ("status=completed", TaskQuery(completed: true)),
            ("status=done", TaskQuery(completed: true)), ("status=DONE", TaskQuery(completed: true)),
            ("search=milk", TaskQuery(search: "milk")), ("q=milk", TaskQuery(search: "milk")),
            ("search=a+b%2Bc%26d%3De", TaskQuery(search: "a b+c&d=e")), ("q=a=b", TaskQuery(search: "a=b")),
            ("q=%C3%A9", TaskQuery(search: "\u{e9}")), ("q=100%", TaskQuery(search: "100%")),
            ("q=%25", TaskQuery(search: "%")), ("q=%ff", TaskQuery(search: "\u{fffd}")),
            ("sort=created_at", TaskQuery()), ("sort_by=created", TaskQuery()), ("sortBy=createdAt", TaskQuery()),
            ("sort=updated_at", TaskQuery(sort: .updatedAt)), ("sort_by=updated", TaskQuery(sort: .updatedAt)),
            ("sort=updatedAt", TaskQuery(sort: .updatedAt)),
            ("sort=title", TaskQuery(sort: .title, order: .ascending)),
            ("sort=title&order=desc", TaskQuery(sort: .title)), ("order=desc&sort=title", TaskQuery(sort: .title)),
            ("order=asc", TaskQuery(order: .ascending)), ("sort_order=ASC", TaskQuery(order: .ascending)),
            ("sortOrder=asc", TaskQuery(order: .ascending)),
            ("sort=created_at_desc", TaskQuery()), ("sort=created_at_asc", TaskQuery(order: .ascending)),
            ("sort=title_desc", TaskQuery(sort: .title)),
            ("sort=title_asc", TaskQuery(sort: .title, order: .ascending)),
            ("sort=updatedAtAsc", TaskQuery(sort: .updatedAt, order: .ascending)),
            ("limit=5", TaskQuery(limit: 5)), ("limit=5&offset=10", TaskQuery(limit: 5, offset: 10)),
            ("limit=5&skip=10", TaskQuery(limit: 5, offset: 10)), ("offset=3", TaskQuery(offset: 3)),
            ("page=1&page_size=10", TaskQuery(limit: 10)), ("page=3&page_size=10", TaskQuery(limit: 10, offset: 20)),
            ("page=3&limit=10", TaskQuery(limit: 10, offset: 20)),
            ("pageSize=7&page=2", TaskQuery(limit: 7, offset: 7)),
            ("page=2", TaskQuery(limit: 20, offset: 20)), ("page=2&limit=5&offset=1", TaskQuery(limit: 5, offset: 5)),
            (
                "completed=true&search=x&sort=title&order=asc&limit=1&offset=2",
                TaskQuery(completed: true, search: "x", sort: .title, order: .ascending, limit: 1, offset: 2)
            ),
        ])
    func filters(text: String, expected: TaskQuery) {
        #expect(query(text) == expected)
    }

    @Test(
        "Unknown names and values are ignored",
        arguments: [
            "&", "&&&", "=", "=x", "x", "x=y", "completed", "completed=", "completed=maybe", "completed=null",
            "status=",
            "status=in_progress", "search=", "q", "search=%00", "search=a%00b", "sort=", "sort=priority",
            "sort=priority_asc", "sort=_desc", "sort=desc", "order=", "order=up", "limit=", "limit=0", "limit=-1",
            "limit=ten", "limit=1.5", "limit=%2B5", "limit=5%20", "offset=-5", "offset=x", "skip=", "page=0", "page=-2",
            "page=x", "page_size=0", "priority=high", "%zz=%zz", "cursor=abc", "completed%00=true",
            "an_extraordinarily_long_name_of_a_parameter=true", "status=an_extraordinarily_long_value_of_a_status",
        ])
    func unknown(text: String) {
        #expect(query(text) == TaskQuery())
        #expect(query("limit=3&\(text)&completed=false") == TaskQuery(completed: false, limit: 3))
    }

    @Test(
        "Of several values the last known one counts",
        arguments: [
            ("completed=true&completed=false", TaskQuery(completed: false)),
            ("completed=true&completed=maybe", TaskQuery(completed: true)),
            ("completed=true&status=all", TaskQuery()), ("status=all&completed=true", TaskQuery(completed: true)),
            ("search=a&q=b", TaskQuery(search: "b")), ("q=a&search=", TaskQuery(search: "a")),
            ("limit=1&limit=2", TaskQuery(limit: 2)), ("limit=1&page_size=2&page=1", TaskQuery(limit: 2)),
            ("order=asc&sort=created_at_desc", TaskQuery()),
            ("sort=created_at_desc&order=asc", TaskQuery(order: .ascending)),
        ])
    func last(text: String, expected: TaskQuery) {
        #expect(query(text) == expected)
    }

    @Test(
        "Huge numbers are clamped to the largest id, so that nothing overflows",
        arguments: [
            ("limit=9007199254740991", 9_007_199_254_740_991, 0),
            ("limit=9007199254740992", 9_007_199_254_740_991, 0),
            (
                "limit=99999999999999999999999999999999&offset=88888888888888888888888888888",
                9_007_199_254_740_991, 9_007_199_254_740_991
            ),
            ("page=9223372036854775807&page_size=9223372036854775807", 9_007_199_254_740_991, 9_007_199_254_740_991),
            ("page=9007199254740991&page_size=2", 2, 9_007_199_254_740_991),
        ] as [(String, Int64, Int64)])
    func huge(text: String, limit: Int64, offset: Int64) {
        #expect(query(text) == TaskQuery(limit: limit, offset: offset))
    }

    @Test("The store filters, sorts and pages a list by the query")
    func filtered() {
        let client = Client()
        client.create("Buy milk", "call Bob", "Buy bread")
        _ = client.send("PATCH", "/api/ada/tasks/1/complete")
        let titles = { (query: String) in
            client.send("GET", "/api/ada/tasks?\(query)").json.elements.compactMap { $0["title"].text }
        }
        #expect(titles("completed=true") == ["Buy milk"])
        #expect(titles("status=pending&order=asc") == ["call Bob", "Buy bread"])
        #expect(titles("q=BUY&sort=title") == ["Buy bread", "Buy milk"])
        #expect(titles("sort=updated") == ["Buy milk", "Buy bread", "call Bob"])
        #expect(titles("page=2&page_size=2") == ["Buy milk"])
        #expect(titles("offset=99") == [])
    }
}
