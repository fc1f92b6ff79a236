import JWT
import Testing

@testable import JWKS

/// A reference to a policy, so that `#expect` can call its mutating methods.
private final class Policy {
    private var policy: RefreshPolicy
    var dueAt: UInt64 { policy.dueAt }

    init(_ times: RefreshPolicy.Times, at now: UInt64) {
        policy = RefreshPolicy(times, at: now)
    }

    func isDue(at now: UInt64) -> Bool { policy.isDue(at: now) }
    func missing(_ key: MissingKey, at now: UInt64) -> RefreshPolicy.Verdict { policy.missing(key, at: now) }
    func ended(isGood: Bool, at now: UInt64, random: Double) { policy.ended(isGood: isGood, at: now, random: random) }
}

@Suite("When keys are read")
struct RefreshPolicyTests {
    private let second: UInt64 = 1_000_000_000
    private let times = RefreshPolicy.Times.url

    private func key(_ name: String) -> MissingKey { MissingKey(keyID: name, algorithm: .ed25519) }

    /// A policy whose first read succeeded at 0.
    private func settled(random: Double = 1) -> Policy {
        let policy = Policy(times, at: 0)
        #expect(policy.isDue(at: 0))
        policy.ended(isGood: true, at: 0, random: random)
        return policy
    }

    @Test("The first read is due at once, and there is at most one read at a time")
    func first() {
        let policy = Policy(times, at: 5)
        #expect(policy.isDue(at: 5))
        #expect(!policy.isDue(at: 5))
        #expect(policy.missing(key("a"), at: 6) == .wait)
        #expect(!policy.isDue(at: 600 * second))
    }

    @Test("A good set is read again before it is ten minutes old", arguments: [(0.0, 480), (0.5, 540), (1.0, 600)])
    func age(random: Double, due: UInt64) {
        let policy = settled(random: random)
        #expect(policy.dueAt == due * second)
        #expect(!policy.isDue(at: due * second - 1))
        #expect(policy.isDue(at: due * second))
    }

    @Test("Failures are retried with a back-off of up to a minute; a success resets it")
    func retries() {
        let policy = Policy(times, at: 0)
        var now: UInt64 = 0
        var waits: [UInt64] = []
        for _ in 0..<9 {
            #expect(policy.isDue(at: now))
            policy.ended(isGood: false, at: now, random: 0.5)
            waits.append((policy.dueAt - now) * 2 / second)
            now = policy.dueAt
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 120, 120])
        for _ in 0..<100 {
            #expect(policy.isDue(at: now))
            policy.ended(isGood: false, at: now, random: 0.5)
            now = policy.dueAt
        }
        #expect(policy.isDue(at: now))
        policy.ended(isGood: true, at: now, random: 1)
        #expect(policy.dueAt == now + 600 * second)
        #expect(policy.isDue(at: policy.dueAt))
        let later = policy.dueAt
        policy.ended(isGood: false, at: later, random: 0.5)
        #expect(policy.dueAt == later + second / 2)
    }

    @Test("The jitter of a retry is a quarter either way", arguments: [(0.0, 375), (1.0, 625)])
    func jitter(random: Double, milliseconds: UInt64) {
        let policy = Policy(times, at: 0)
        #expect(policy.isDue(at: 0))
        policy.ended(isGood: false, at: 0, random: random)
        #expect(policy.dueAt == milliseconds * 1_000_000)
    }

    @Test("A missing key starts a read at once; keys requested meanwhile wait for the same read")
    func missing() {
        let policy = settled()
        #expect(policy.missing(key("new"), at: 40 * second) == .read)
        #expect(policy.missing(key("new"), at: 40 * second) == .wait)
        #expect(policy.missing(key("other"), at: 41 * second) == .wait)
        #expect(!policy.isDue(at: 700 * second))
    }

    @Test("Missing keys start a read at most every 30 seconds, whatever their names")
    func coolDown() {
        let policy = settled()
        var reads = 0
        for tick in 0..<UInt64(3_000) where policy.missing(key("\(tick)"), at: tick * second / 10) == .read {
            policy.ended(isGood: true, at: tick * second / 10, random: 1)
            reads += 1
        }
        #expect(reads == 10)
    }

    @Test("A key that is missing within the cool-down is postponed until the source may be read again")
    func postponed() {
        let policy = settled()
        #expect(policy.missing(key("made up"), at: 0) == .read)
        policy.ended(isGood: true, at: second, random: 1)
        #expect(policy.missing(key("new"), at: 2 * second) == .postponed(until: 30 * second))
        #expect(policy.missing(key("new"), at: 30 * second) == .read)
        // After a failed read the back-off, which is shorter, decides.
        policy.ended(isGood: false, at: 31 * second, random: 0.5)
        #expect(policy.missing(key("newer"), at: 31 * second) == .postponed(until: 31 * second + second / 2))
    }

    @Test("A scheduled read does not start the cool-down: a rotation just after it is noticed")
    func noCoolDownAfterRefresh() {
        let policy = settled()
        #expect(policy.missing(key("new"), at: 1) == .read)
    }

    @Test("A key that a read did not bring stays unknown for a while; other keys start reads")
    func memory() {
        let policy = settled()
        #expect(policy.missing(key("made up"), at: 0) == .read)
        policy.ended(isGood: true, at: 0, random: 1)
        #expect(policy.missing(key("made up"), at: 31 * second) == .unknown)
        #expect(policy.missing(key("new"), at: 31 * second) == .read)
        policy.ended(isGood: true, at: 31 * second, random: 1)
        #expect(policy.missing(key("made up"), at: 119 * second) == .unknown)
        #expect(policy.missing(key("made up"), at: 120 * second) == .read)
    }

    @Test("A key requested during another key's read may be newer than its answer: it starts a read of its own")
    func joined() {
        let policy = Policy(times, at: 0)
        #expect(policy.isDue(at: 0))
        #expect(policy.missing(key("new"), at: 1) == .wait)
        policy.ended(isGood: true, at: 2, random: 1)
        #expect(policy.missing(key("new"), at: 3) == .read)
    }

    @Test("A key is not remembered as unknown when the source did not answer")
    func failedQuestion() {
        let policy = settled()
        #expect(policy.missing(key("new"), at: 0) == .read)
        policy.ended(isGood: false, at: 1, random: 0.5)
        #expect(policy.missing(key("new"), at: 2) == .postponed(until: 1 + second / 2))
        #expect(policy.isDue(at: 1 + second / 2))
        #expect(policy.missing(key("new"), at: second) == .wait)
        policy.ended(isGood: true, at: second, random: 0)
        #expect(policy.missing(key("new"), at: 30 * second) == .read)
    }

    @Test("Keys are distinguished by kid and algorithm")
    func names() {
        let keys = [
            MissingKey(keyID: "a", algorithm: .ed25519), MissingKey(keyID: "a", algorithm: .es256),
            MissingKey(keyID: "b", algorithm: .ed25519), MissingKey(keyID: nil, algorithm: .ed25519),
            MissingKey(keyID: "", algorithm: .ed25519),
        ]
        #expect(Set(keys).count == keys.count)
    }
}
