import Tasks
import Testing

@Suite("Operations")
struct OperationTests {
    @Test(
        "An operation knows whether it changes anything",
        arguments: [
            (.list(TaskQuery()), false), (.read(1), false), (.create(TaskDraft(title: "T")), true),
            (.update(1, TaskPatch(title: "T")), true), (.update(1, TaskPatch()), true), (.delete(1), true),
            (.delete(1, again: true), true), (.complete(1, completed: true), true),
            (.complete(1, completed: nil), true),
        ] as [(TaskOperation.Action, Bool)])
    func isWrite(action: TaskOperation.Action, isWrite: Bool) {
        #expect(action.isWrite == isWrite)
    }

    @Test(
        "A patch is empty only when nothing is set; clearing a description is a change",
        arguments: [
            (TaskPatch(), true), (TaskPatch(title: "T"), false), (TaskPatch(description: .clear), false),
            (TaskPatch(description: .set("")), false), (TaskPatch(completed: false), false),
        ])
    func emptyPatch(patch: TaskPatch, isEmpty: Bool) {
        #expect(patch.isEmpty == isEmpty)
    }

    @Test("A query without arguments is for all tasks, newest first, without a total")
    func defaultQuery() {
        let query = TaskQuery()
        #expect(query.completed == nil && query.search == nil && query.limit == nil && query.offset == 0)
        #expect(query.sort == .createdAt && query.order == .descending && !query.countsAll)
    }

    @Test("The same action of two owners is two operations")
    func owners() {
        #expect(TaskOperation(owner: "ada", .read(1)) != TaskOperation(owner: "bob", .read(1)))
    }

    @Test("Every id is a safe integer of JavaScript")
    func identifiers() {
        #expect(TaskLimits.identifiers == 1...(1 << 53 - 1))
    }
}
