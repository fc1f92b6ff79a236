import TaskAPI
import Tasks
import Testing

@Suite("Hostile requests")
struct MutationTests {
    /// The same sequence for the same seed, so that a failure can be reproduced (SplitMix64).
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    private static let calls = [
        Call("GET", "/"), Call("GET", "/health"), Call("GET", "/api/health/"), Call("GET", "/ready"),
        Call("GET", "/api/%61da/tasks/1"), Call("DELETE", "/api/ada/tasks/1"), Call("OPTIONS", "/api/ada/tasks"),
        Call("GET", "http://host:80/api/ada/tasks?page=2&page_size=3"), Call("HEAD", "/api/ada/tasks?limit=1"),
        Call("GET", "/api/ada/tasks?completed=true&search=a+b%20%C3%A9&sort=created_at_desc&order=asc&skip=9223372036"),
        Call("POST", "/api/ada/tasks", #"{"title":"T","description":"D","completed":true}"#),
        Call("POST", "/api/ada/tasks", #"{"title":"\u00e9\ud83d\ude00","description":null,"x":[1,2.5e-9,{"y":[]}]}"#),
        Call("POST", "/api/ada/tasks", #"{"title":"a\u0000"}"#),
        Call("PUT", "/api/ada/tasks/1", #"{"title":"T","id":7,"completed":false}"#),
        Call("PATCH", "/api/ada/tasks/1/complete", #"{"is_completed":false}"#),
        Call("PATCH", "/api/ada/tasks/1/complete", "null"),
    ]
    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    private static let alphabet = Array("/%?&=+.\\\"{}[],:;* \r\n\u{0}019aA-_".utf8) + [0x7F, 0x80, 0xC3, 0xED, 0xFF]

    private func mutate(_ text: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let place = Int.random(in: 0...text.count, using: &random)
            let byte = Self.alphabet.randomElement(using: &random) ?? 0
            switch Int.random(in: 0...4, using: &random) {
            case 0: text.insert(byte, at: place)
            case 1: if place < text.count { text[place] = byte }
            case 2: if place < text.count { text.remove(at: place) }
            case 3: text.removeSubrange(place...)
            default: text.insert(contentsOf: text[place...].prefix(8), at: place)
            }
        }
        return text
    }

    @Test(
        "For any request the answer is complete, JSON or empty, and never a 500",
        arguments: 1...8 as ClosedRange<UInt64>)
    func mutated(seed: UInt64) {
        var random = Seeded(state: seed)
        let client = Client()
        client.create("One")
        for _ in 0..<2_000 {
            var call = Self.calls.randomElement(using: &random) ?? Call("GET", "/")
            var target = Array(call.target.utf8)
            // One part at a time: with an invalid path the body would not be read.
            switch Int.random(in: 0...7, using: &random) {
            case 0: call.method = Self.methods.randomElement(using: &random) ?? ""
            case 1...3: target = mutate(target, &random)
            default: call.body = mutate(call.body, &random)
            }
            let reply = client.send(call, method: Array(call.method.utf8), target: target)
            let shown = "\(call.method) \(String(decoding: target, as: UTF8.self))"
            #expect(200..<500 ~= reply.status, "\(shown)")
            #expect(reply.status == client.answered?.status.rawValue, "\(shown)")
            #expect(reply.headers.first?.name == "Status", "\(shown)")
            if reply.status == 204 || call.method == "HEAD" {
                #expect(reply.body.isEmpty, "\(shown)")
            } else {
                #expect(reply.json != .absent, "\(shown)")
                #expect(reply["Content-Length"] == "\(reply.body.utf8.count)", "\(shown)")
            }
            if let operation = client.operation { #expect(operation.owner == "ada", "\(shown)") }
        }
    }

    @Test(
        "For any Authorization header, only the user's own token gives access to the user's tasks",
        arguments: 1...4 as ClosedRange<UInt64>)
    func mutatedTokens(seed: UInt64) {
        var random = Seeded(state: seed)
        let client = Client()
        for _ in 0..<1_000 {
            let header = mutate(Array("Bearer token-of-ada".utf8), &random)
            let text = String(decoding: header, as: UTF8.self)
            let reply = client.send(Call("GET", "/api/ada/tasks").with { $0.authorization = text })
            #expect([200, 401, 403].contains(reply.status), "\(text)")
            if reply.status == 200 { #expect(text.contains("token-of-ada"), "\(text)") }
        }
    }

    @Test(
        "A long header of any content takes linear time", .timeLimit(.minutes(1)),
        arguments: ["&", "a&", "=&", "%41&", "q=x&", "%", "+", "limit=1&"])
    func long(unit: String) {
        let text = String(repeating: unit, count: 200_000 / unit.utf8.count)
        #expect(Client().send("GET", "/api/ada/tasks?\(text)").status == 200)
        #expect([400, 404].contains(Client().send("GET", "/\(text)").status))
        let call = Call("GET", "/nowhere").with { $0.accept = text }
        #expect(Client().send(call)["Content-Type"] == "application/json")
    }
}
