import Base
import Tasks
import TasksPostgreSQL
import Testing

/// The contract of a store, independent of its implementation.
@Suite struct StoreContractTests {
    let client: StoreClient
    let owner = String.random("owner-")

    init() throws {
        client = try StoreClient(TestDatabase.shared())
    }

    @Test("A task is read as it was created", arguments: [nil, "", "a description"], [true, false])
    func create(description: String?, completed: Bool) throws {
        let begin = Int64(Clock.realTime / 1_000)
        let draft = TaskDraft(title: "title", description: description, completed: completed)
        let task = try client.task(owner, .create(draft))
        #expect(task.title == "title" && task.description == description && task.completed == completed)
        #expect(task.createdAt == task.updatedAt)
        let age = task.createdAt.microsecondsSinceEpoch - begin
        #expect(age >= -1_000 && age < 10_000_000)
        #expect(try client.tasks(owner, .read(task.id)) == [task])
        #expect(try client.tasks(owner, .list(TaskQuery())) == [task])
    }

    @Test(
        "Text is kept byte for byte",
        arguments: [
            "O'Brien \"quoted\" \\ back", "%_$1 ' -- ;", "👩‍👩‍👧‍👦 é e\u{301} \u{FEFF} \u{FFFD}", "\u{1}\t\n\r\u{7F}",
            String(repeating: "\u{1F600}", count: 200), " ", "NULL", "\u{10FFFF}",
        ])
    func text(text: String) throws {
        let description = String(repeating: text, count: 1_000 / text.unicodeScalars.count)
        let task = try client.task(owner, .create(TaskDraft(title: text, description: description)))
        let read = try client.task(owner, .read(task.id))
        #expect(Array(read.title.utf8) == Array(text.utf8))
        #expect(Array(read.description?.utf8 ?? "".utf8) == Array(description.utf8))
    }

    @Test(
        "An owner is any text, kept apart byte for byte",
        arguments: ["Ada", "ada", "a@b.c", "é", "e\u{301}", "' or '1'='1"])
    func owners(name: String) throws {
        let first = try client.create(owner + name, "first")[0]
        #expect(first.id == 1)
    }

    @Test("Ids count from 1 within an owner and are never reused")
    func ids() throws {
        #expect(try client.create(owner, "a", "b", "c").map(\.id) == [1, 2, 3])
        _ = try client.task(owner, .delete(3))
        #expect(try client.create(owner, "d")[0].id == 4)
        #expect(try client.create(owner + "'s neighbour", "a")[0].id == 1)
    }

    @Test(
        "An update changes what it names and nothing else",
        arguments: [
            (TaskPatch(title: "new"), "new", "old description", false),
            (TaskPatch(description: .set("new")), "old", "new", false),
            (TaskPatch(description: .set("")), "old", "", false),
            (TaskPatch(description: .clear), "old", nil, false),
            (TaskPatch(completed: true), "old", "old description", true),
            (TaskPatch(title: "new", description: .set("both"), completed: true), "new", "both", true),
            (TaskPatch(), "old", "old description", false),
        ] as [(TaskPatch, String, String?, Bool)])
    func update(patch: TaskPatch, title: String, description: String?, completed: Bool) throws {
        let old = try client.task(owner, .create(TaskDraft(title: "old", description: "old description")))
        try client.create(owner, "another")
        let another = try client.task(owner, .read(2))
        let new = try client.task(owner, .update(old.id, patch))
        #expect(new.id == old.id && new.createdAt == old.createdAt)
        #expect(new.title == title && new.description == description && new.completed == completed)
        #expect(new.updatedAt > old.updatedAt && new.change > another.change)
        #expect(try client.task(owner, .read(old.id)) == new)
        #expect(try client.task(owner, .read(another.id)) == another)
    }

    @Test(
        "Completing toggles, or sets what is asked for",
        arguments: [(nil, [true, false]), (true, [true, true]), (false, [false, false])] as [(Bool?, [Bool])])
    func complete(completed: Bool?, states: [Bool]) throws {
        try client.create(owner, "task")
        for state in states { #expect(try client.task(owner, .complete(1, completed: completed)).completed == state) }
    }

    @Test("No operation finds a deleted task")
    func delete() throws {
        try client.create(owner, "gone", "stays")
        #expect(try client.task(owner, .delete(1)).id == 1)
        for action in operations(on: 1) { #expect(try client.tasks(owner, action).isEmpty) }
        let all = try client.perform(owner, .list(TaskQuery(search: "", countsAll: true)))
        #expect(all.tasks?.map(\.title) == ["stays"])
        #expect(all == .done(all.tasks ?? [], total: 1))
    }

    @Test("A repeated delete finds a task deleted within the last minute, and no older deletion")
    func deleteAgain() throws {
        try client.create(owner, "gone", "long gone", "stays")
        let deleted = try client.task(owner, .delete(1))
        #expect(try client.tasks(owner, .delete(1)).isEmpty)
        #expect(try client.task(owner, .delete(1, again: true)).change > deleted.change)
        #expect(try client.tasks(owner, .delete(1)).isEmpty)
        for action in operations(on: 1) { #expect(try client.tasks(owner, action).isEmpty) }
        _ = try client.task(owner, .delete(2))
        _ = try TestDatabase.shared().execute(
            """
            update todo.tasks set deleted_at = deleted_at - interval '61 s'
            where owner_user_id = '\(owner)' and id = 2
            """)
        #expect(try client.tasks(owner, .delete(2, again: true)).isEmpty)
        #expect(try client.task(owner, .delete(3, again: true)).title == "")
        #expect(try client.tasks(owner, .delete(4, again: true)).isEmpty)
        #expect(try client.tasks(owner + "2", .delete(1, again: true)).isEmpty)
    }

    @Test(
        "An unknown id finds nothing", arguments: [0, -1, 2, .max, .min, 9_007_199_254_740_992] as [Int64])
    func unknown(id: Int64) throws {
        try client.create(owner, "task")
        for action in operations(on: id) { #expect(try client.tasks(owner, action).isEmpty) }
    }

    @Test("No operation of another owner sees or changes an owner's tasks")
    func isolation() throws {
        for number in 1...3 { try client.create(owner, "task \(number)") }
        let before = try client.tasks(owner, .list(TaskQuery()))
        let other = owner + "2"
        let lists = TaskQuery.Sort.allCases.flatMap { sort in
            [true, false].map { TaskOperation.Action.list(TaskQuery(search: "task", sort: sort, countsAll: $0)) }
        }
        for action in operations(on: 1) + operations(on: 3) + lists {
            #expect(try client.tasks(other, action).isEmpty)
        }
        // Also when the other owner has tasks of the same ids.
        for number in 1...3 { try client.create(other, "other \(number)") }
        for action in operations(on: 1) + operations(on: 3) + lists {
            #expect(try client.tasks(other, action).allSatisfy { !$0.title.hasPrefix("task") })
        }
        #expect(try client.tasks(owner, .list(TaskQuery())) == before)
    }

    @Test("A change is greater than every one before it, deletions included")
    func changes() throws {
        var changes = try client.create(owner, "a", "b").map(\.change)
        for action in [.update(1, TaskPatch(title: "x")), .complete(2, completed: nil), .delete(1)]
            as [TaskOperation.Action]
        {
            changes.append(try client.task(owner, action).change)
        }
        changes.append(try client.create(owner, "c")[0].change)
        #expect(changes == changes.sorted() && Set(changes).count == changes.count)
    }

    /// Every operation that names a task; the deletion last.
    private func operations(on id: Int64) -> [TaskOperation.Action] {
        [
            .read(id), .update(id, TaskPatch(title: "changed", description: .clear, completed: true)),
            .update(id, TaskPatch()), .complete(id, completed: nil), .complete(id, completed: true), .delete(id),
        ]
    }
}
