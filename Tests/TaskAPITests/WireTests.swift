import Tasks
import Testing

@Suite("A task as JSON")
struct WireTests {
    @Test(
        "A timestamp is RFC 3339 in UTC with six fractional digits and Z",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1, "1970-01-01T00:00:00.000001Z"), (1_709_164_800_000_000, "2024-02-29T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
            (1_763_760_600_120_000, "2025-11-21T21:30:00.120000Z"),
            // Years that RFC 3339 cannot express, in ECMAScript's expanded format.
            (253_402_300_800_000_000, "+010000-01-01T00:00:00.000000Z"),
            (-62_167_219_200_000_001, "-000001-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func moments(microseconds: Int64, text: String) {
        #expect(written(task(createdAt: microseconds)).json["created_at"] == .string(text))
    }

    @Test("Every timestamp in Int64 can be written", arguments: [Int64.min, .max, .min + 1, .max - 1])
    func extremes(microseconds: Int64) {
        #expect(written(task(createdAt: microseconds)).json["created_at"].text?.hasSuffix("Z") == true)
    }

    @Test("The largest task id and the owner's id are written unchanged")
    func extremeTask() {
        let reply = written(task(id: 9_007_199_254_740_991), owner: "a\"\u{e9}", segment: "a%22%C3%A9")
        #expect(
            reply.body == """
                {"id":9007199254740991,"user_id":"a\\"\u{e9}","title":"T","description":null,"completed":true,\
                "created_at":"1970-01-01T00:00:00.000000Z","updated_at":"1970-01-01T00:00:00.000001Z"}
                """)
    }

    @Test("A create whose row the store does not return is 500")
    func lost() {
        let client = Client()
        client.rows = MemoryRows([])
        #expect(client.send("POST", "/api/ada/tasks", #"{"title":"T"}"#).status == 500)
    }

    private func task(id: Int64 = 1, createdAt: Int64 = 0) -> MemoryStore.StoredTask {
        MemoryStore.StoredTask(
            id: id, title: "T", description: nil, completed: true,
            createdAt: Timestamp(microsecondsSinceEpoch: createdAt), updatedAt: Timestamp(microsecondsSinceEpoch: 1),
            change: 1)
    }

    private func written(
        _ task: MemoryStore.StoredTask, owner: String = "ada", segment: String = "ada"
    ) -> Reply {
        let client = Client()
        client.rows = MemoryRows([task])
        let call = Call("GET", "/api/\(segment)/tasks/1").with { $0.authorization = "Bearer token-of-\(owner)" }
        return client.send(call)
    }
}
