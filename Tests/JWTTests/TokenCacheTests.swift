import JWT
import Testing

@Suite("The cache of verified tokens")
struct TokenCacheTests {
    private let now = Sample.now

    @Test("The second verification of a token is a cache hit")
    func hit() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.valid("ann")
        #expect(verifier.outcome(token) == .success("ann"))
        #expect(verifier.cacheStatistics.hits == 0 && verifier.cacheStatistics.count == 1)
        #expect(verifier.outcome(token) == .success("ann"))
        #expect(verifier.cacheStatistics.hits == 1 && verifier.cacheStatistics.count == 1)
    }

    @Test("A cached token expires to the second, and is removed")
    func expiry() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.valid("ann")
        #expect(verifier.outcome(token) == .success("ann"))
        #expect(verifier.outcome(token, at: now + 64) == .success("ann"))
        #expect(verifier.cacheStatistics.hits == 1)
        #expect(verifier.outcome(token, at: now + 65) == .failure(.expired))
        #expect(verifier.cacheStatistics.count == 0 && verifier.cacheStatistics.bytes == 0)
    }

    @Test("A cached token is refused while the clock is before its nbf, and accepted again afterwards")
    func staleClock() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.token(#"{"sub":"ann","exp":\#(now + 60),"nbf":\#(now)}"#)
        #expect(verifier.outcome(token) == .success("ann"))
        #expect(verifier.outcome(token, at: now - 6) == .failure(.notYetValid))
        #expect(verifier.outcome(token, at: now - 5) == .success("ann"))
        #expect(verifier.cacheStatistics.hits == 2)
    }

    @Test("Failures are not cached: a token that was not valid yet is accepted later")
    func failures() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.token(#"{"sub":"ann","exp":\#(now + 600),"nbf":\#(now + 100)}"#)
        #expect(verifier.outcome(token) == .failure(.notYetValid))
        #expect(try verifier.outcome(Sample.token("{}")) == .failure(.noExpiry))
        #expect(try verifier.outcome(Sample.token("{}", secret: Sample.otherSecret)) == .failure(.badSignature))
        #expect(verifier.outcome("garbage") == .failure(.malformed))
        #expect(verifier.cacheStatistics.count == 0)
        #expect(verifier.outcome(token, at: now + 100) == .success("ann"))
    }

    @Test("After the secret has changed, no token of the old one is valid, cached or not")
    func changedSecret() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.valid("ann")
        #expect(verifier.outcome(token) == .success("ann"))
        verifier.replaceKeys(try KeySet(secrets: [SharedSecret(Sample.otherSecret)]))
        #expect(verifier.cacheStatistics.count == 0 && verifier.cacheStatistics.bytes == 0)
        #expect(verifier.outcome(token) == .failure(.badSignature))
        verifier.replaceKeys(try KeySet(secrets: [SharedSecret(Sample.otherSecret), SharedSecret(Sample.secret)]))
        #expect(verifier.outcome(token) == .success("ann"))
    }

    @Test("A token that differs in its signature's last character is another token")
    func neighbour() throws {
        let verifier = try Sample.verifier()
        let token = try Sample.valid("ann")
        #expect(verifier.outcome(token) == .success("ann"))
        for last in ["A", "E", "I", "8", "B"] where !token.hasSuffix(last) {
            guard case .failure = verifier.outcome(token.dropLast() + last) else {
                Issue.record("accepted")
                continue
            }
        }
    }

    @Test("At most the maximum number of tokens is cached, and with a maximum of 0 none", arguments: [0, 1, 2, 100])
    func countBound(bound: Int) throws {
        let verifier = try Sample.verifier(cache: .init(count: bound))
        for user in 0..<300 {
            #expect(try verifier.outcome(Sample.valid("user \(user)")) == .success("user \(user)"))
            #expect(verifier.cacheStatistics.count == min(user + 1, bound))
        }
        #expect(verifier.cacheStatistics.evictions == (bound == 0 ? 0 : 300 - bound))
    }

    @Test("At most the maximum number of bytes is cached, whatever the tokens' sizes")
    func bytesBound() throws {
        let verifier = try Sample.verifier(cache: .init(count: 1_000, bytes: 10_000))
        for user in 0..<300 {
            let padding = String(repeating: "x", count: user * 37 % 1_500)
            #expect(
                try verifier.outcome(Sample.valid("u\(user)", extra: ",\"pad\":\"\(padding)\"")) == .success("u\(user)")
            )
            #expect(verifier.cacheStatistics.bytes <= 10_000)
        }
        #expect(verifier.cacheStatistics.count > 2 && verifier.cacheStatistics.evictions > 100)
        let large = try Sample.verifier(cache: .init(count: 10, bytes: 200))
        #expect(try large.outcome(Sample.valid("ann")) == .success("ann"))
        #expect(large.cacheStatistics.count == 0)
    }

    @Test("Every token that was not evicted is found after many insertions and evictions")
    func everyTokenIsFound() throws {
        let verifier = try Sample.verifier(cache: .init(count: 1_000))
        let tokens = try (0..<5_000).map { try Sample.valid("user \($0)") }
        for token in tokens { _ = verifier.outcome(token) }
        let misses = verifier.cacheStatistics.misses
        // No token was used twice, so the oldest were evicted first.
        for user in 4_000..<5_000 { #expect(verifier.outcome(tokens[user]) == .success("user \(user)")) }
        #expect(verifier.cacheStatistics.misses == misses)
    }

    @Test("A flood of valid tokens that are used once does not evict the tokens of returning users")
    func flood() throws {
        let verifier = try Sample.verifier(cache: .init(count: 200))
        let regulars = try (0..<50).map { try Sample.valid("regular \($0)") }
        for token in regulars { _ = verifier.outcome(token) }
        for token in regulars { _ = verifier.outcome(token) }
        var lost = 0
        for round in 0..<100 {
            // Twenty tokens used once in each round of fifty regular ones: 2,000 in all, ten times the capacity.
            for user in 0..<20 { _ = try verifier.outcome(Sample.valid("once \(round) \(user)")) }
            let before = verifier.cacheStatistics.misses
            for token in regulars { _ = verifier.outcome(token) }
            lost += verifier.cacheStatistics.misses - before
        }
        #expect(lost == 0)
        #expect(verifier.cacheStatistics.evictions > 1_800)
    }

    @Test("Expired tokens are removed as new ones are inserted, even if no bound is reached")
    func expiredAreRemoved() throws {
        let verifier = try Sample.verifier()
        for user in 0..<100 { _ = try verifier.outcome(Sample.valid("old \(user)")) }
        let later = now + 1_000
        for user in 0..<110 {
            let token = try Sample.token(#"{"sub":"new \#(user)","exp":\#(later + 60)}"#)
            #expect(verifier.outcome(token, at: later) == .success("new \(user)"))
        }
        #expect(verifier.cacheStatistics.count == 110)
        #expect(verifier.cacheStatistics.evictions == 0)
    }

    @Test("An expired token is evicted before a valid one that was not used")
    func expiredFirst() throws {
        let verifier = try Sample.verifier(cache: .init(count: 3))
        let short = try Sample.valid("short")
        _ = verifier.outcome(short)
        _ = verifier.outcome(short)
        for user in ["a", "b"] {
            _ = verifier.outcome(try Sample.token(#"{"sub":"\#(user)","exp":\#(now + 5_000)}"#))
        }
        _ = verifier.outcome(try Sample.token(#"{"sub":"c","exp":\#(now + 5_000)}"#), at: now + 1_000)
        let misses = verifier.cacheStatistics.misses
        for user in ["a", "b", "c"] {
            _ = verifier.outcome(try Sample.token(#"{"sub":"\#(user)","exp":\#(now + 5_000)}"#), at: now + 1_000)
        }
        #expect(verifier.cacheStatistics.misses == misses)
    }

    @Test("With thousands of random insertions and removals, each answer is that of a verifier without a cache")
    func model() throws {
        let remembering = try Sample.verifier(cache: .init(count: 64))
        let forgetful = try Sample.verifier(cache: .init(count: 0))
        let tokens = try (0..<200).map { try Sample.token(#"{"sub":"u\#($0)","exp":\#(now + Int64($0 * 7))}"#) }
        var state: UInt64 = 42
        var clock = now
        for step in 0..<5_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let token = tokens[Int(state >> 33) % tokens.count]
            clock += step % 4 == 0 ? 1 : 0
            #expect(remembering.outcome(token, at: clock) == forgetful.outcome(token, at: clock))
        }
        #expect(remembering.cacheStatistics.hits > 500)
        #expect(remembering.cacheStatistics.count <= 64)
    }
}
