import Base
import JSON
import JWT
import TaskAPI
import Tasks

/// The cost of a request, for `deploy/test budget`: each operation of the request path on fixed inputs, run under
/// callgrind, which counts instructions and allocations.
///
/// Between three marks an operation runs `count` times and then twice as often: the difference is the cost of `count`
/// operations without overhead. Standard output has one line per operation, in the order of the marks.
@main
enum HotPath {
    /// Large enough that occasional work of an operation averages out.
    private static let count = 512

    static func main() throws {
        let samples = try Samples()
        measureTokens(samples)
        measureJSON(samples)
        measureRequests(samples)
    }

    private static func measureTokens(_ samples: Samples) {
        let remembering = samples.verifier(remembering: 4_096)
        measure("verify: token in the cache") { _ = try? remembering.verify(samples.token.span, at: Samples.now) }
        let forgetful = samples.verifier(remembering: 0)
        measure("verify: HS256 token, not cached") { _ = try? forgetful.verify(samples.token.span, at: Samples.now) }
    }

    private static func measureJSON(_ samples: Samples) {
        measure("json: read a task") { samples.readBody() }
        var writer = ByteWriter(capacity: 64 << 10)
        measure("json: write a task's strings") {
            writer.reset()
            writer.appendJSONString(samples.title.span)
            writer.appendJSONString(samples.description.span)
        }
    }

    private static func measureRequests(_ samples: Samples) {
        var writer = ByteWriter(capacity: 64 << 10)
        // The token costs nothing here, so that what is left is the path, the parameters and the operation.
        let trusting = API(APIConfiguration(version: "1.0.0"), verifier: TrustingVerifier())
        measure("plan: one task, any token") { samples.plan("GET", samples.one, with: trusting, into: &writer) }
        measure("plan: list, any token") { samples.plan("GET", samples.all, with: trusting, into: &writer) }

        let api = API(APIConfiguration(version: "1.0.0"), verifier: samples.verifier(remembering: 4_096))
        let task = FixedRows(count: 1)
        let tasks = FixedRows(count: 20)
        measure("one task: plan and respond") { samples.answer("GET", samples.one, task, with: api, into: &writer) }
        measure("list of 20: plan and respond") { samples.answer("GET", samples.all, tasks, with: api, into: &writer) }
        measure("create: plan and respond") {
            samples.answer("POST", samples.all, body: samples.body, task, with: api, into: &writer)
        }
        measure("update: plan and respond") {
            samples.answer("PUT", samples.one, body: samples.body, task, with: api, into: &writer)
        }
        measure("toggle: plan and respond") {
            samples.answer("PATCH", samples.completion, task, with: api, into: &writer)
        }
        let none = FixedRows(count: 0)
        measure("no such task: plan and respond") {
            samples.answer("GET", samples.one, none, with: api, into: &writer)
        }
    }

    /// Runs an operation between marks, and prints its name.
    private static func measure(_ name: String, _ operation: () -> Void) {
        print("\(count) \(name)")
        // One-time initialisation happens before the first mark.
        for _ in 0..<8 { operation() }
        mark()
        for _ in 0..<count { operation() }
        mark()
        for _ in 0..<count * 2 { operation() }
        mark()
    }
}

/// Callgrind writes its counters and resets them at each call.
@inline(never)
@_optimize(none)
func mark() {}
