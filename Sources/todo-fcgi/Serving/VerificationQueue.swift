import Base
import DequeModule
import EventLoop

/// Requests whose tokens need a public-key signature check, which costs a hundred times the rest of a request: each
/// turn of the loop verifies one, after all requests that need none.
///
/// A forged token cannot be told from a genuine one before that check, but the path names a user. Recent users, whose
/// tokens were verified before, have a queue of their own with priority and a bound per user: forged tokens for other
/// users do not delay a refreshed token, and forged tokens for one recent user delay the others little.
final class VerificationQueue: EventSource {
    /// The capacity of the queue of other users: a tenth of a second's work.
    static let capacity = 1_024
    /// The capacity of the queue of recent users; further requests wait in the other queue.
    static let recentCapacity = 256
    /// The most requests of one user in the queue of recent users.
    static let recentPerUser = 4
    /// The most bytes of bodies in each queue.
    static let bytes = 1 << 20
    /// Every fourth request is from the other queue, while both have some, so that neither starves.
    private static let otherShare = 4
    /// A turn verifies further requests until this much time has passed, in nanoseconds.
    private static let turnTime: UInt64 = 50_000

    private struct Waiting {
        let request: HeldRequest
        let user: Int?
    }

    private struct Queue {
        var requests = Deque<Waiting>()
        var bytes = 0
    }

    /// Called with each request whose turn has come.
    var onTurn: ((HeldRequest) -> Void)?

    private let loop: EventLoop
    private var recent = Queue()
    private var others = Queue()
    /// The number of requests of each user in the queue of recent users.
    private var countsOfRecent: [Int: Int] = [:]
    private var turns = 0

    init(on loop: EventLoop) {
        self.loop = loop
        super.init()
    }

    /// Whether a request with a body of this size can be admitted.
    ///
    /// - Parameter user: a hash of the user, if a recent one.
    func hasRoom(forBytes count: Int, of user: Int? = nil) -> Bool {
        hasPriority(count, user) || others.requests.count < Self.capacity && others.bytes + count <= Self.bytes
    }

    private func hasPriority(_ bytes: Int, _ user: Int?) -> Bool {
        guard let user else { return false }
        return countsOfRecent[user, default: 0] < Self.recentPerUser && recent.requests.count < Self.recentCapacity
            && recent.bytes + bytes <= Self.bytes
    }

    /// Admits a request.
    func admit(_ request: HeldRequest, of user: Int? = nil) {
        if let user, hasPriority(request.body.count, user) {
            recent.requests.append(Waiting(request: request, user: user))
            recent.bytes += request.body.count
            countsOfRecent[user, default: 0] += 1
        } else {
            others.requests.append(Waiting(request: request, user: nil))
            others.bytes += request.body.count
        }
        // In the next turn, after all sources that are ready by then.
        loop.setTimer(self, at: loop.now)
    }

    override func timerFired() {
        let start = Clock.monotonic
        while let request = next() {
            onTurn?(request)
            guard Clock.monotonic < start + Self.turnTime else { break }
        }
        if !recent.requests.isEmpty || !others.requests.isEmpty { loop.setTimer(self, at: loop.now) }
    }

    private func next() -> HeldRequest? {
        turns += 1
        let othersFirst = turns.isMultiple(of: Self.otherShare)
        return othersFirst ? nextOther() ?? nextRecent() : nextRecent() ?? nextOther()
    }

    private func nextRecent() -> HeldRequest? {
        guard let first = recent.requests.popFirst(), let user = first.user else { return nil }
        recent.bytes -= first.request.body.count
        let left = countsOfRecent[user, default: 1] - 1
        countsOfRecent[user] = left > 0 ? left : nil
        return first.request
    }

    private func nextOther() -> HeldRequest? {
        guard let first = others.requests.popFirst() else { return nil }
        others.bytes -= first.request.body.count
        return first.request
    }
}
