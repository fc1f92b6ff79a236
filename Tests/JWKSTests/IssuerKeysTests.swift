import Base
import EventLoop
import Glibc
import JWT
import Testing

@testable import JWKS

/// The keys of one source on a loop that the test turns.
private final class Follower {
    let loop: EventLoop
    let keys: IssuerKeys
    private(set) var sets: [[String?]] = []
    private(set) var refreshes = 0
    private(set) var observations: [IssuerKeys.Observation] = []

    init(_ source: KeySource, keptIn directory: String? = nil) throws {
        loop = try EventLoop()
        keys = try IssuerKeys(source, keptIn: directory, userAgent: "todo-fcgi/test", on: loop)
        keys.replaced = { [unowned self] in sets.append($0.keys.map(\.keyID)) }
        keys.refreshed = { [unowned self] in refreshes += 1 }
        keys.observe = { [unowned self] in observations.append($0) }
        try keys.start()
    }

    convenience init(_ server: HTTPServer, keptIn directory: String? = nil) throws {
        try self.init(.url(try KeySetURL(server.url)), keptIn: directory)
    }

    /// Turns the loop until a condition holds, or the time is over.
    func turn(seconds: Double = 8, until condition: () -> Bool) throws {
        let end = Clock.monotonic + UInt64(seconds * 1e9)
        while !condition(), Clock.monotonic < end { try loop.turn(timeout: 20_000_000) }
        #expect(condition())
    }

    var failures: [KeySourceError] {
        observations.compactMap { if case .failed(let error) = $0 { error } else { nil } }
    }

    deinit {
        #expect(keys.stop())
    }
}

@Suite("The keys of an issuer")
struct IssuerKeysTests {
    private func key(_ name: String) -> MissingKey { MissingKey(keyID: name, algorithm: .ed25519) }

    @Test("Keys are fetched at the start, and again for a missing key: one fetch for all its requests")
    func rotation() throws {
        let server = HTTPServer(.set(Sample.set("old")))
        defer { server.stop() }
        let follower = try Follower(server)
        #expect(follower.keys.set == nil)
        #expect(follower.keys.request(key("old")) == .pending)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.sets == [["old"]])
        server.answer = .set(Sample.set("old", "new"))
        for _ in 0..<100 { #expect(follower.keys.request(key("new")) == .pending) }
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.sets == [["old"], ["old", "new"]])
        #expect(server.requests.count == 2)
    }

    @Test("A key that a read did not bring is unknown; another key is answered with a retry within the cool-down")
    func unknown() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.keys.request(key("made up")) == .pending)
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.keys.request(key("made up")) == .unknown)
        guard case .retryLater(let seconds) = follower.keys.request(key("new")) else {
            Issue.record("the source was not read for this one")
            return
        }
        #expect(20...30 ~= seconds)
        #expect(server.requests.count == 2)
    }

    @Test("A set that has not changed is not reported")
    func same() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.keys.request(key("x")) == .pending)
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.sets.count == 1)
        #expect(follower.observations.count == 1)
    }

    @Test(
        "A read that fails leaves the keys unchanged",
        arguments: [
            HTTPServer.Answer.set("{"), .set(#"{"keys":[]}"#), .close, .status(500, headers: [], body: []),
            .status(302, headers: ["Location: http://127.0.0.1:1/"], body: []),
            .drip([UInt8](repeating: 0x20, count: 64 << 10), pause: 0), .silence,
        ])
    func breakage(answer: HTTPServer.Answer) throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn { follower.refreshes == 1 }
        server.answer = answer
        #expect(follower.keys.request(key("x")) == .pending)
        try follower.turn { !follower.failures.isEmpty }
        #expect(follower.sets == [["a"]])
        #expect(follower.keys.set?.keys.map(\.keyID) == ["a"])
        server.answer = .set(Sample.set("a", "b"))
        try follower.turn { follower.sets.count == 2 }
        #expect(follower.observations.contains { if case .recovered = $0 { true } else { false } })
    }

    @Test("After a restart while the issuer is down, the last good set is in use")
    func restart() throws {
        let directory = Sample.directory()
        let server = HTTPServer(.set(Sample.set("a")))
        do {
            let follower = try Follower(server, keptIn: directory)
            try follower.turn { follower.refreshes == 1 }
        }
        server.stop()
        let follower = try Follower(server, keptIn: directory)
        #expect(follower.sets == [["a"]])
        guard case .restored(_, let age)? = follower.observations.first else {
            Issue.record("not restored")
            return
        }
        #expect(0...5 ~= age)
        try follower.turn { !follower.failures.isEmpty }
        #expect(follower.sets == [["a"]])
    }

    @Test("The kept file is private to its owner, and holds the set of one URL")
    func keptFile() throws {
        let directory = Sample.directory()
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        do {
            let follower = try Follower(server, keptIn: directory)
            try follower.turn { follower.refreshes == 1 }
        }
        let kept = try KeptKeySet(of: KeySetURL(server.url), in: directory)
        var status = stat()
        #expect(stat(kept.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try KeptKeySet(of: KeySetURL(server.url + "?x"), in: directory).read() == nil)
        chmod(kept.path, 0o620)
        #expect(throws: KeySourceError.notOurs) { try kept.read() }
        chmod(kept.path, 0o600)
        #expect(try kept.read()?.set.keys.count == 1)
        Sample.write("{", to: kept.path)
        #expect(throws: KeySourceError.unreadable(.malformed)) { try kept.read() }
        rename(kept.path, kept.path + ".moved")
        symlink(kept.path + ".moved", kept.path)
        #expect(throws: KeySourceError.notOurs) { try kept.read() }
    }

    @Test("A directory that cannot be written to is reported, and the keys are used anyway")
    func notKept() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server, keptIn: "/nonexistent")
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.sets == [["a"]])
        #expect(follower.observations.contains { if case .notKept = $0 { true } else { false } })
    }

    @Test("A file is read again when it is replaced, overwritten, broken, removed or restored")
    func file() throws {
        let path = Sample.directory() + "/jwks.json"
        Sample.write(Sample.set("a"), to: path)
        let follower = try Follower(.file(path))
        try follower.turn { follower.sets == [["a"]] }
        Sample.write(Sample.set("a", "b"), to: path)
        try follower.turn { follower.sets.count == 2 }
        Sample.write("{", to: path)
        try follower.turn { follower.failures == [.unreadable(.malformed)] }
        unlink(path)
        try follower.turn { follower.failures.count > 1 }
        #expect(follower.keys.set?.keys.count == 2)
        Sample.write(Sample.set("c"), to: path)
        try follower.turn { follower.sets.count == 3 }
        #expect(follower.sets.last == ["c"])
    }

    @Test("A new key in a file is available as soon as a token needs it")
    func fileAsked() throws {
        let path = Sample.directory() + "/jwks.json"
        Sample.write(Sample.set("a"), to: path)
        let follower = try Follower(.file(path))
        try follower.turn { follower.sets.count == 1 }
        Sample.write(Sample.set("b"), to: path)
        let start = Clock.monotonic
        #expect(follower.keys.request(key("b")) == .pending)
        try follower.turn { follower.sets.count == 2 }
        #expect(Clock.monotonic - start < 500_000_000)
    }

    @Test("The thread ends within a second while a fetch hangs")
    func end() throws {
        let server = HTTPServer(.silence)
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn(seconds: 1) { server.requests.count == 1 }
        let start = Clock.monotonic
        #expect(follower.keys.stop())
        #expect(Clock.monotonic - start < 1_100_000_000)
    }
}
