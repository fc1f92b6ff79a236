import EventLoop
import Tasks
import TasksPostgreSQL
import Testing

/// The choice of a connection for a read.
@Suite struct LaneChoiceTests {
    let relay: Relay
    let client: StoreClient
    let owner = String.random()

    init() throws {
        let loop = try EventLoop()
        relay = try Relay(on: loop)
        let url = try TestServer.url(database: TestDatabase.shared().name, folder: relay.folder)
        client = try StoreClient(url, reads: 2, writes: 1, on: loop)
        client.store.connect()
        try client.turn("connections") { client.connections == 3 }
        try client.create(owner, "task")
    }

    @Test("Reads use a second connection beside a long statement, also when that one is briefly slow")
    func secondConnection() throws {
        defer { relay.close() }
        relay.held = [0, 1]
        let stuck = client.submit(owner, .read(1))
        try client.turn(seconds: 0.03)
        let slow = client.submit(owner, .read(1))
        try client.turn(seconds: 0.03)
        let behind = client.submit(owner, .read(1))
        try client.turn(seconds: 0.03)
        relay.release(1)
        #expect(try client.answers(to: [slow, behind]).allSatisfy { $0.tasks?.count == 1 })
        #expect(client.answers[stuck] == nil)
        relay.release(0)
        #expect(try client.answer(to: stuck).tasks?.count == 1)
    }

    @Test("The reads of a connection that is lost and not restored move to the other one")
    func oneIsLost() throws {
        defer { relay.close() }
        relay.held = [0]
        let tickets = (0..<3).map { _ in client.submit(owner, .read(1)) }
        try client.turn("an answer at the relay") { relay.hasWholeAnswer(0) }
        relay.isOpen = false
        relay.cut(0)
        #expect(try client.answers(to: tickets).allSatisfy { $0.tasks?.count == 1 })
        #expect(client.store.isReachable)
    }
}
