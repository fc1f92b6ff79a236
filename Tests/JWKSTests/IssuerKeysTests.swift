import Base
import EventLoop
import Glibc
import JWT
import Testing

@testable import JWKS

/// A loop that follows one source, driven by hand.
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

    /// Turns until something is so, at most so long.
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

@Suite("An issuer's keys, followed")
struct IssuerKeysTests {
    private func key(_ name: String) -> MissingKey { MissingKey(keyID: name, algorithm: .ed25519) }

    @Test("They are fetched at the start; a missing key has them fetched again, once for all who ask")
    func rotation() throws {
        let server = HTTPServer(.set(Sample.set("old")))
        defer { server.stop() }
        let follower = try Follower(server)
        #expect(follower.keys.set == nil)
        #expect(follower.keys.ask(for: key("old")) == .mayCome)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.sets == [["old"]])
        server.answer = .set(Sample.set("old", "new"))
        for _ in 0..<100 { #expect(follower.keys.ask(for: key("new")) == .mayCome) }
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.sets == [["old"], ["old", "new"]])
        #expect(server.requests.count == 2)
    }

    @Test("A key that the source was read for and does not have is unknown; another one may come within the cool-down")
    func unknown() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.keys.ask(for: key("made up")) == .mayCome)
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.keys.ask(for: key("made up")) == .isUnknown)
        guard case .mayComeLater(let seconds) = follower.keys.ask(for: key("new")) else {
            Issue.record("the source was not read for this one")
            return
        }
        #expect(20...30 ~= seconds)
        #expect(server.requests.count == 2)
    }

    @Test("A set that is the same as before is no news")
    func same() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server)
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.keys.ask(for: key("x")) == .mayCome)
        try follower.turn { follower.refreshes == 2 }
        #expect(follower.sets.count == 1)
        #expect(follower.observations.count == 1)
    }

    @Test(
        "A source that breaks leaves the keys as they are",
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
        #expect(follower.keys.ask(for: key("x")) == .mayCome)
        try follower.turn { !follower.failures.isEmpty }
        #expect(follower.sets == [["a"]])
        #expect(follower.keys.set?.keys.map(\.keyID) == ["a"])
        server.answer = .set(Sample.set("a", "b"))
        try follower.turn { follower.sets.count == 2 }
        #expect(follower.observations.contains { if case .recovered = $0 { true } else { false } })
    }

    @Test("What was good last serves after a restart while the issuer is down")
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

    @Test("The kept file is ours alone, and holds the set of one URL")
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

    @Test("A directory that cannot be written to is told of, and the keys count all the same")
    func notKept() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let follower = try Follower(server, keptIn: "/nonexistent")
        try follower.turn { follower.refreshes == 1 }
        #expect(follower.sets == [["a"]])
        #expect(follower.observations.contains { if case .notKept = $0 { true } else { false } })
    }

    @Test("A file is followed: replaced, written over, broken, removed and put back")
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

    @Test("A file's new key is there as soon as a token asks for it")
    func fileAsked() throws {
        let path = Sample.directory() + "/jwks.json"
        Sample.write(Sample.set("a"), to: path)
        let follower = try Follower(.file(path))
        try follower.turn { follower.sets.count == 1 }
        Sample.write(Sample.set("b"), to: path)
        let start = Clock.monotonic
        #expect(follower.keys.ask(for: key("b")) == .mayCome)
        try follower.turn { follower.sets.count == 2 }
        #expect(Clock.monotonic - start < 500_000_000)
    }

    @Test("It ends within a second while a fetch hangs")
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
