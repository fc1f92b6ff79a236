import Base
import EventLoop
import PostgreSQL
import Tasks
import TasksPostgreSQL
import Testing

/// A server that stops and starts again.
@Suite struct ServerRestartTests {
    @Test("A stopped server loses no operation that was not sent, in either mode", arguments: ["fast", "immediate"])
    func stopped(mode: String) throws {
        let cluster = try TestCluster()
        _ = try Migrator(takingOwnershipOf: Connection.open(cluster.url)).apply()
        let client = try StoreClient(cluster.url, reads: 2, writes: 2)
        try client.create("ada", "before")
        try cluster.stop(mode)
        try client.turn("the loss") { !client.store.isReachable }
        let create = client.submit("ada", .create(TaskDraft(title: "meanwhile")))
        let list = client.submit("ada", .list(TaskQuery(completed: false)))
        try client.turn(seconds: 0.2)
        #expect(client.answers[create] == nil && client.answers[list] == nil)
        try cluster.start()
        #expect(try client.answer(to: create).tasks?.map(\.id) == [2])
        #expect(try client.answer(to: list).tasks?.isEmpty == false)
        #expect(client.store.isReachable)
    }

    @Test("During a restart under load each operation is answered once, and each create correctly")
    func underLoad() throws {
        let cluster = try TestCluster()
        _ = try Migrator(takingOwnershipOf: Connection.open(cluster.url)).apply()
        let client = try StoreClient(cluster.url, reads: 2, writes: 3)
        var creates: [Ticket] = []
        var reads: [Ticket] = []
        try client.create("ada", "first")
        try cluster.restart()
        let end = Clock.monotonic + 1_500_000_000
        while Clock.monotonic < end {
            for owner in ["ada", "ben", "cleo"] {
                creates.append(client.submit(owner, .create(TaskDraft(title: "task"))))
                reads.append(client.submit("ada", .read(1)))
            }
            try client.loop.turn(timeout: 2_000_000)
        }
        let created = try client.answers(to: creates)
        #expect(try client.answers(to: reads).allSatisfy { $0.tasks?.count == 1 })
        #expect(client.connections > 5, "it did go away")
        let unknown = created.count { $0 == .failed(.outcomeUnknown) }
        #expect(created.allSatisfy { $0.tasks?.count == 1 || $0 == .failed(.outcomeUnknown) })
        var stored = -1
        for owner in ["ada", "ben", "cleo"] { stored += try client.tasks(owner, .list(TaskQuery())).count }
        #expect(stored >= creates.count - unknown && stored <= creates.count)
    }
}
