import Base
import EventLoop
import PostgreSQL
import Tasks
import TasksPostgreSQL
import Testing

/// Writes that share a commit.
@Suite struct GroupCommitTests {
    let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func titled(_ title: String) -> TaskOperation.Action { .create(TaskDraft(title: title)) }

    @Test("A failed write fails alone, at any position in its group")
    func oneFails() throws {
        try database.execute("alter table todo.tasks add constraint no_poison check (title <> 'poison')")
        let client = try StoreClient(database, writes: 1)
        for place in 0..<5 {
            let owners = ["a", "b", "c", "d", "e"].map { "\($0) \(place)" }
            let tickets = owners.enumerated().map { client.submit($1, titled($0 == place ? "poison" : "task")) }
            for (number, answer) in try client.answers(to: tickets).enumerated() {
                if number == place {
                    #expect(answer == .failed(.refused(sqlState: "23514")))
                } else {
                    #expect(answer.tasks?.first?.id == 1)
                }
            }
            #expect(try client.create(owners[place], "task")[0].id == 1, "a refused write leaves no gap")
        }
    }

    @Test("A write that fails at the commit fails alone")
    func commitFails() throws {
        try database.execute(
            """
            create function refuse() returns trigger language plpgsql as
                $$ begin if new.title = 'poison' then raise exception 'no'; end if; return new; end $$;
            create constraint trigger refuse after insert on todo.tasks deferrable initially deferred
                for each row execute function refuse()
            """)
        let client = try StoreClient(database, writes: 1)
        let titles = ["one", "poison", "two"]
        let tickets = titles.map { client.submit($0, titled($0)) }
        let answers = try client.answers(to: tickets)
        #expect(answers.map { $0.tasks?.first?.title } == ["one", nil, "two"])
        #expect(answers[1] == .failed(.refused(sqlState: "P0001")))
    }

    @Test("A write that finds no task has an empty result, also beside a failed write")
    func refusedBesideNothing() throws {
        try database.execute("alter table todo.tasks add constraint no_poison check (title <> 'poison')")
        let client = try StoreClient(database, writes: 1)
        let answers = try client.answers(
            to: [client.submit("a", titled("poison")), client.submit("a", .update(9, TaskPatch(title: "x")))])
        #expect(answers == [.failed(.refused(sqlState: "23514")), .done([], total: nil)])
    }

    @Test("A write that waits too long for a lock is unavailable, after all others are committed")
    func lockTimeout() throws {
        let client = try StoreClient("\(database.url) options='-c lock_timeout=300'", writes: 1)
        try client.create("b", "first")
        let blocker = try database.connect()
        try blocker.execute("begin")
        try blocker.execute("select from todo.owners where owner_user_id = 'b' for update")
        let tickets = ["a", "b", "c"].map { client.submit($0, titled("task")) }
        let answers = try client.answers(to: tickets)
        #expect(answers[1] == .failed(.unavailable))
        #expect(answers[0].tasks?.count == 1 && answers[2].tasks?.count == 1)
        let times = try tickets.map { try #require(client.answeredAt[$0]) }
        #expect(times[0] + 200_000_000 < times[1] && times[2] + 200_000_000 < times[1])
        try blocker.execute("rollback")
        #expect(try client.create("b", "second")[0].id == 2)
    }

    @Test("A read that takes too long is unavailable, and the reads after it are answered")
    func statementTimeout() throws {
        let client = try StoreClient("\(database.url) options='-c statement_timeout=300'", writes: 1)
        try client.create("ada", "task")
        _ = try client.tasks("ada", .read(1))
        let blocker = try database.connect()
        try blocker.execute("begin")
        try blocker.execute("lock table todo.tasks in access exclusive mode")
        let tickets = (0..<3).map { _ in client.submit("ada", .read(1)) }
        try client.turn("the first answer") { client.answers[tickets[0]] != nil }
        try blocker.execute("rollback")
        let answers = try client.answers(to: tickets)
        #expect(answers[0] == .failed(.unavailable))
        #expect(answers[2].tasks?.count == 1)
    }

    @Test("A blocked write is answered once, at its deadline, and the store continues")
    func deadline() throws {
        let client = try StoreClient(database, writes: 2)
        try client.create("ada", "first")
        let blocker = try database.connect()
        try blocker.execute("begin")
        try blocker.execute("select from todo.owners where owner_user_id = 'ada' for update")
        let begin = Clock.monotonic
        let ticket = client.submit("ada", titled("second"), within: 0.5)
        try client.turn(seconds: 0.1)
        #expect(try client.create("ben", "on the other connection").count == 1)
        #expect(try client.answer(to: ticket) == .failed(.outcomeUnknown))
        let took = try #require(client.answeredAt[ticket]) - begin
        #expect(took >= 500_000_000 && took < 800_000_000)
        try blocker.execute("rollback")
        try client.turn(seconds: 0.1)
        #expect(try client.create("ada", "third")[0].id == 3)
        #expect(client.answers[ticket]?.count == 1)
    }

    @Test("Two stores that write for many owners at once never deadlock")
    func noDeadlock() throws {
        let loop = try EventLoop()
        let clients = try (0..<2).map { _ in try StoreClient(database, writes: 3, on: loop) }
        let owners = (0..<12).map { "owner \($0)" }
        for owner in owners { try clients[0].create(owner, "first") }
        var tickets: [[Ticket]] = [[], []]
        for _ in 0..<50 {
            for owner in owners.shuffled() {
                for (number, client) in clients.enumerated() {
                    let action = [titled("task"), .complete(1, completed: nil), .update(1, TaskPatch(title: "new"))]
                    tickets[number].append(client.submit(owner, action.randomElement() ?? titled("task")))
                }
            }
            try loop.turn(timeout: 1_000_000)
        }
        for (number, client) in clients.enumerated() {
            #expect(try client.answers(to: tickets[number]).allSatisfy { $0.tasks?.count == 1 })
            #expect(client.observed.isEmpty)
        }
    }

    @Test("A write that ends its session is detected and answered; the writes beside it are committed")
    func sessionKiller() throws {
        try database.execute(
            """
            create function die() returns trigger language plpgsql security definer as
                $$ begin
                    if new.title = 'poison' then perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); end if;
                    return new;
                end $$;
            create trigger die before insert on todo.tasks for each row execute function die()
            """)
        let client = try StoreClient(database, writes: 1)
        let titles = (0..<20).map { $0 == 7 ? "poison" : "task" }
        let tickets = titles.enumerated().map { client.submit("owner \($0)", titled($1)) }
        for (number, answer) in try client.answers(to: tickets).enumerated() {
            #expect(number == 7 ? answer == .failed(.unavailable) : answer.tasks?.first?.id == 1)
        }
        #expect(try client.create("owner 7", "task")[0].id == 1)
    }

    @Test("An owner whose row is locked blocks one connection; the others serve all other owners")
    func lockedOwner() throws {
        let client = try StoreClient(database, writes: 2)
        try client.create("locked", "first")
        let blocker = try database.connect()
        try blocker.execute("begin")
        try blocker.execute("select from todo.owners where owner_user_id = 'locked' for update")
        var waiting: [Ticket] = []
        for _ in 0..<5 {
            waiting.append(client.submit("locked", titled("waits")))
            try client.turn(seconds: 0.02)
        }
        #expect(try client.create("free", "at once").count == 1)
        #expect(waiting.allSatisfy { client.answers[$0] == nil })
        try blocker.execute("rollback")
        #expect(try client.answers(to: waiting).map { $0.tasks?.first?.id } == [2, 3, 4, 5, 6])
    }

    @Test("An operation may be submitted from within an answer")
    func reentrance() throws {
        let client = try StoreClient(database)
        var left = 200
        client.onAnswer = { _ in
            guard left > 0 else { return }
            left -= 1
            client.submit("ada", left.isMultiple(of: 2) ? titled("next") : .read(1))
        }
        for _ in 0..<3 { client.submit("ada", titled("first")) }
        try client.turn("all answers") { client.answers.count == 203 }
        #expect(client.answers.values.allSatisfy { $0.count == 1 && $0[0].failure == nil })
        client.onAnswer = nil
    }
}
