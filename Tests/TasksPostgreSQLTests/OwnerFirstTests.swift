import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Every statement of the service: none reaches beyond the owner in its first parameter.
@Suite final class OwnerFirstTests {
    static let statements =
        TaskStatements.writes
        // Pages in the order of the index are among the heavy reads' lists as well.
        + [TaskStatements.read, TaskStatements.firstPage]
        + TaskStatements.heavyReads.filter { $0.name != TaskStatements.setTimeout.name }
    let connection: Connection
    let ada = String.random("ada-")
    let ben = String.random("ben-")

    init() throws {
        connection = try TestDatabase.shared().connect()
        try connection.execute(
            """
            set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
            insert into todo.owners (owner_user_id, last_task_id, change) values ('\(ada)', 3, 3);
            insert into todo.tasks select '\(ada)', id, 't ' || id, 't', true, now(), now(), id from generate_series(1, 3) id
            """)
    }

    /// Executes the prepared statement for an owner, with values that match ada's tasks.
    private func prepare(_ statement: Statement, owner: String) throws -> String {
        let types = statement.parameters.map { "\($0)" }.joined(separator: ", ")
        try connection.execute("deallocate all")
        try connection.execute("prepare statement (\(types)) as \(statement.sql)")
        let values = statement.parameters.enumerated().map { index, type in
            switch type {
            case _ where index == 0: "'\(owner)'"
            case .text: "'t'"
            case .boolean: "true"
            case .bigint: index == 1 ? "1" : "null"
            }
        }
        return "execute statement (\(values.joined(separator: ", ")))"
    }

    private func tasksOfAda() throws -> String? {
        try connection.execute(
            """
            select (select string_agg(t::text, ';' order by t::text) from todo.tasks t where owner_user_id = '\(ada)')
                || (select o::text from todo.owners o where owner_user_id = '\(ada)')
            """
        ).text(row: 0, column: 0)
    }

    @Test("The first parameter is the owner, and no other's rows are read or changed", arguments: statements.indices)
    func isolated(index: Int) throws {
        let statement = Self.statements[index]
        #expect(statement.parameters.first == .text)
        let before = try tasksOfAda()
        let none = try connection.execute(prepare(statement, owner: ben))
        let isCreation = statement.name == TaskStatements.create.name
        for row in 0..<none.count where !isCreation {
            #expect(none.isNull(row: row, column: 0) && none.text(row: row, column: 7) == "0", "only an empty count")
        }
        #expect(try tasksOfAda() == before)
        // The same call finds a task for the owner herself, so it could have found it for another.
        let own = try connection.execute(prepare(statement, owner: ada))
        #expect(own.count >= 1 && !own.isNull(row: 0, column: 0))
    }

    @Test(
        "Tables are read only through an index that begins with the owner", arguments: statements.indices
    )
    func plan(index: Int) throws {
        let call = try prepare(Self.statements[index], owner: ada)
        let lines = try connection.execute("explain (verbose, costs off) \(call)")
        var nodes: [[String]] = []
        for row in 0..<lines.count {
            let line = lines.text(row: row, column: 0) ?? ""
            if row == 0 || line.contains("->") { nodes.append([]) }
            nodes[nodes.count - 1].append(line)
        }
        for node in nodes {
            let head = node[0]
            if head.contains("todo.") {
                #expect(head.contains(" todo.tasks") || head.contains(" todo.owners"), "\(head)")
            }
            guard head.contains("Scan"), !head.contains("CTE Scan"), !head.contains("Subquery Scan") else { continue }
            if head.contains("Bitmap Heap Scan") {
                #expect(node.contains { $0.contains("Recheck Cond:") && $0.contains("owner_user_id = $1") }, "\(node)")
            } else {
                #expect(head.contains("Index"), "\(head)")
                #expect(node.contains { $0.contains("Index Cond:") && $0.contains("owner_user_id = $1") }, "\(node)")
            }
        }
        #expect(!nodes.joined().contains { $0.contains("Seq Scan") })
    }

    @Test("The usual list, and a page of it, are read in order without a sort")
    func order() throws {
        let page = TaskStatements.list[TaskQuery(limit: 5)]
        // The planner's choice depends on other tests' rows, so the test checks only that the index permits the plan.
        try connection.execute("set enable_sort = off; set enable_bitmapscan = off")
        for statement in [TaskStatements.listAll, TaskStatements.firstPage, page] {
            let lines = try connection.execute("explain (costs off) \(prepare(statement, owner: ada))")
            let plan = (0..<lines.count).compactMap { lines.text(row: $0, column: 0) }.joined(separator: "\n")
            #expect(plan.contains("Index Scan using tasks_newest_first") && !plan.contains("Sort"), "\(plan)")
        }
    }

    @Test("Every statement has a name of its own")
    func names() {
        #expect(Set(Self.statements.map(\.name)).count == Self.statements.count)
    }
}
