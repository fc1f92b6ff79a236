import Tasks
import Testing

/// The content and the order of lists.
@Suite struct ListTests {
    let client: StoreClient
    let owner = String.random("owner-")

    init() throws {
        client = try StoreClient(TestDatabase.shared())
    }

    private func ids(_ query: TaskQuery) throws -> [Int64] { try client.tasks(owner, .list(query)).map(\.id) }

    /// 1 to 4: Banana, apple (done), Äpfel, cherry (done); 1 was changed last.
    private func fruit() throws {
        try client.create(owner, "Banana", "apple", "Äpfel", "cherry")
        for id in [4, 2] as [Int64] { _ = try client.task(owner, .complete(id, completed: true)) }
        _ = try client.task(owner, .update(1, TaskPatch(description: .set("yellow"))))
    }

    @Test(
        "Lists are ordered and filtered as requested",
        arguments: [
            (TaskQuery(), [4, 3, 2, 1]),
            (TaskQuery(order: .ascending), [1, 2, 3, 4]),
            (TaskQuery(sort: .updatedAt), [1, 2, 4, 3]),
            (TaskQuery(sort: .updatedAt, order: .ascending), [3, 4, 2, 1]),
            (TaskQuery(sort: .title, order: .ascending), [3, 2, 1, 4]),
            (TaskQuery(sort: .title), [4, 1, 2, 3]),
            (TaskQuery(completed: true), [4, 2]),
            (TaskQuery(completed: false), [3, 1]),
            (TaskQuery(search: "YELL"), [1]),
            (TaskQuery(search: "an"), [1]),
            (TaskQuery(completed: true, search: "E"), [4, 2]),
            (TaskQuery(limit: 2), [4, 3]),
            (TaskQuery(limit: 2, offset: 2), [2, 1]),
            (TaskQuery(limit: 0), []),
            (TaskQuery(offset: 3), [1]),
            (TaskQuery(offset: 4), []),
            (TaskQuery(limit: .max, offset: .max), []),
        ] as [(TaskQuery, [Int64])])
    func lists(query: TaskQuery, expected: [Int64]) throws {
        try fruit()
        // "Äpfel" sorts by its letters, not by its bytes: beside "apple", before "Banana".
        var counting = query
        counting.countsAll = true
        #expect(try ids(query) == expected)
        #expect(try ids(counting) == expected)
        var everything = query
        (everything.limit, everything.offset) = (nil, 0)
        let total = try Int64(ids(everything).count)
        let counted = try client.perform(owner, .list(counting))
        #expect(counted == .done(counted.tasks ?? [], total: total))
    }

    @Test("An owner without tasks has an empty list, and a total of 0", arguments: TaskQuery.Sort.allCases)
    func empty(sort: TaskQuery.Sort) throws {
        #expect(try client.perform(owner, .list(TaskQuery(sort: sort))) == .done([], total: nil))
        #expect(try client.perform(owner, .list(TaskQuery(sort: sort, countsAll: true))) == .done([], total: 0))
    }

    @Test(
        "Search ignores case, in every script, and no other difference",
        arguments: [
            ("CAFÉ", "café", true), ("café", "CAFÉ", true), ("ПРИВЕТ мир", "привет МИР", true),
            ("ΣΊΣΥΦΟΣ", "σίσυ", true),
            ("Straße", "STRAßE", true), ("Straße", "strasse", false), ("cafe", "café", false),
            ("İstanbul", "i̇stanbul", true), ("İstanbul", "istanbul", false), ("İstanbul", "İST", true),
            ("ISPARTA", "isparta", true), ("100%", "0%", true), ("100 per cent", "0%", false), ("a_b", "A_B", true),
            ("axb", "a_b", false), (#"a\b"#, #"A\B"#, true), ("任务一", "任务", true), ("😀 smile", "😀", true),
            ("anything", "", true), ("it's", "T'S", true),
        ])
    func search(title: String, text: String, isFound: Bool) throws {
        try client.create(owner, title)
        _ = try client.task(owner, .create(TaskDraft(title: "another", description: title)))
        let expected: [Int64] = isFound ? [2, 1] : []
        #expect(try ids(TaskQuery(search: text)) == (text.isEmpty ? [2, 1] : expected))
        #expect(try ids(TaskQuery(search: text, countsAll: true)) == (text.isEmpty ? [2, 1] : expected))
    }

    @Test("A list of thousands is whole and in order")
    func large() throws {
        let text = String(repeating: "d", count: 1_000)
        let tickets = (0..<3_000).map { client.submit(owner, .create(TaskDraft(title: "\($0)", description: text))) }
        _ = try client.answers(to: tickets)
        #expect(try ids(TaskQuery()) == Array((1...3_000).reversed()))
    }
}
