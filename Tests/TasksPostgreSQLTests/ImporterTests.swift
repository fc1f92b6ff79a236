import PostgreSQL
import Tasks
import Testing

@testable import TasksPostgreSQL

/// Imports from tables as the family's old backends made them.
@Suite struct ImporterTests {
    let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func importer(_ table: String = "tasks", cut: Bool = false) throws -> Importer {
        try Importer.open(takingOwnershipOf: database.connect(), from: table, cut: cut)
    }

    @discardableResult
    private func run(_ table: String = "tasks", cut: Bool = false) throws -> Int {
        var count = 0
        try importer(table, cut: cut).run { count += $0 }
        return count
    }

    /// A row of `todo.tasks` as a short text.
    private func task(_ owner: String, _ id: Int) throws -> String? {
        try database.value(
            """
            select concat_ws('|', title, coalesce(description, '-'), completed, created_at at time zone 'UTC')
            from todo.tasks where owner_user_id = '\(owner)' and id = \(id)
            """)
    }

    struct Table: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let name: String
        let sql: String
        let expected: String
    }

    static let tables = [
        Table(
            testDescription: "SQLModel: integer id, naive times, a boolean", name: "tasks",
            sql: """
                create table tasks (id serial primary key, user_id varchar not null, title varchar(200) not null,
                    description varchar(1000), completed boolean not null, created_at timestamp, updated_at timestamp);
                insert into tasks values (17, 'ann', 'Milk', 'Two', true, '2025-01-02 03:04:05', '2025-01-03')
                """, expected: "Milk|Two|t|2025-01-02 03:04:05"),
        Table(
            testDescription: "singular, in a schema, quoted names, times with a zone", name: "old.task",
            sql: """
                create schema old;
                create table old.task (id bigint primary key, "userId" text, title text, "isCompleted" boolean,
                    "createdAt" timestamptz, "updatedAt" timestamptz);
                insert into old.task values (17, 'ann', 'Milk', true, '2025-01-02 03:04:05+00', null)
                """, expected: "Milk|-|t|2025-01-02 03:04:05"),
        Table(
            testDescription: "a status instead of a boolean, UUIDs for owners", name: "todos",
            sql: """
                create type state as enum ('pending', 'completed');
                create table todos (id integer primary key, owner_id text, name text, notes text, status state,
                    created timestamp);
                insert into todos values (17, 'ann', 'Milk', '', 'completed', '2025-01-02 03:04:05')
                """, expected: "Milk||t|2025-01-02 03:04:05"),
    ]

    @Test("A table's columns are found by the family's names, and an integer id is kept", arguments: tables)
    func layouts(table: Table) throws {
        try database.execute(table.sql)
        #expect(try importer(table.name).summary().keepingID == 1)
        #expect(try run(table.name) == 1)
        #expect(try task("ann", 17) == table.expected)
    }

    private func makeTasks(_ rows: String) throws {
        try database.execute(
            """
            create table tasks (id text, user_id text, title text, description text, completed boolean, created_at timestamp);
            insert into tasks values \(rows)
            """)
    }

    @Test("UUIDs become numbers in the order of creation, for each owner from 1")
    func uuids() throws {
        try makeTasks(
            """
            ('c', 'ann', 'second', null, false, '2025-01-02'), ('b', 'ben', 'other', null, false, '2025-01-01'),
            ('d', 'ann', 'first', null, false, '2025-01-01'), ('a', 'ann', 'third', null, null, null)
            """)
        #expect(try importer().summary().renumbered == 4)
        #expect(try run() == 4)
        #expect(try (1...3).map { try task("ann", $0)?.prefix(5) } == ["first", "secon", "third"])
        #expect(try task("ben", 1)?.hasPrefix("other") == true)
        #expect(
            try database.value("select last_task_id || ' ' || change from todo.owners where owner_user_id = 'ann'")
                == "3 3")
        #expect(try database.value("select count(distinct change) from todo.tasks where owner_user_id = 'ann'") == "3")
    }

    @Test("A second run imports only new tasks, and keeps tasks that were changed or deleted since")
    func twice() throws {
        try makeTasks("('1', 'ann', 'one', null, false, null), ('2', 'ann', 'two', null, false, null)")
        try run()
        try database.execute(
            """
            update todo.tasks set title = 'changed' where id = 1;
            delete from todo.tasks where id = 2;
            insert into tasks values ('3', 'ann', 'three', null, false, null)
            """)
        let summary = try importer().summary()
        #expect(summary.alreadyImported == 2 && summary.renumbered == 1)
        #expect(try run() == 1)
        #expect(try run() == 0)
        #expect(try database.value("select string_agg(title, ' ' order by id) from todo.tasks") == "changed three")
    }

    @Test("An id that the owner has already is replaced, and new ids are greater than all kept ids")
    func conflict() throws {
        try database.execute(
            """
            insert into todo.owners (owner_user_id, last_task_id, change) values ('ann', 1, 1);
            insert into todo.tasks values ('ann', 1, 'own', null, false, now(), now(), 1);
            create table tasks (id integer, user_id text, title text, created_at timestamp);
            insert into tasks values (1, 'ann', 'moved', '2025-01-01'), (40, 'ann', 'kept', '2025-01-02')
            """)
        let summary = try importer().summary()
        #expect(summary.keepingID == 1 && summary.renumbered == 1)
        #expect(try run() == 2)
        #expect(try task("ann", 1)?.hasPrefix("own") == true)
        #expect(try task("ann", 40)?.hasPrefix("kept") == true)
        #expect(try task("ann", 41)?.hasPrefix("moved") == true)
        #expect(try database.value("select last_task_id || ' ' || change from todo.owners") == "41 3")
    }

    @Test("A row that cannot be a task is skipped and named, unless it may be cut")
    func unfit() throws {
        try makeTasks(
            """
            ('1', 'ann', repeat('x', 201), null, false, null), ('2', 'ann', '  ', null, false, null),
            ('3', null, 'x', null, false, null), ('4', 'ann', 'x', repeat('ä', 1001), false, null),
            ('5', 'ann', 'fits', repeat('ä', 1000), false, null)
            """)
        let summary = try importer().summary()
        #expect(summary.unfit == 4 && summary.renumbered == 1 && summary.examples.count == 4)
        #expect(summary.examples.contains("3: it has no owner"))
        #expect(try run() == 1)
        #expect(try run(cut: true) == 2)
        #expect(try database.value("select count(*) from todo.tasks where char_length(title) = 200") == "1")
    }

    @Test("20,000 tasks of 3,000 owners with unusual names are imported, transaction by transaction")
    func many() throws {
        try database.execute(
            """
            create table tasks (id serial, user_id text, title text);
            insert into tasks (user_id, title)
            select 'o"\\,{ }ü' || n % 3000, 'Task ' || n from generate_series(1, 20000) n
            """)
        var steps = 0
        var total = 0
        try importer().run {
            steps += 1
            total += $0
        }
        #expect(total == 20_000 && steps > 5)
        #expect(
            try database.value("select count(*) || ' ' || count(distinct owner_user_id) from todo.tasks")
                == "20000 3000")
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let sql: String
        let words: String
        var testDescription: String { words }
    }

    @Test(
        "An unsuitable table is refused with the reason",
        arguments: [
            Refusal(sql: "select 1", words: "no such table"),
            Refusal(sql: "create table tasks (id integer, title text)", words: "no column user_id"),
            Refusal(sql: "create table tasks (user_id text, title text)", words: "no column id"),
            Refusal(sql: "create table tasks (id integer, user_id text)", words: "no column title"),
        ])
    func refused(refusal: Refusal) throws {
        try database.execute(refusal.sql)
        let error = #expect(throws: ImportError.self) { try run() }
        #expect(error?.description.contains(refusal.words) == true)
    }
}
