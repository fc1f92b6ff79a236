import Base
import DequeModule
import EventLoop

/// Requests whose tokens take a public key's work, a hundred times that of all others: each turn of the loop verifies
/// one of them, after everything that needs none.
///
/// A forged token cannot be told from a genuine one before that work, but its path names a user. Users of whom a token
/// was verified lately have a line of their own that comes first, a few requests of each at a time: a flood of forged
/// tokens for other users does not hold up the first request with a refreshed token, and one for a single such user
/// holds up hardly anybody else.
final class VerificationQueue: EventSource {
    /// The most requests that wait, those of recent users aside: a tenth of a second's work.
    static let capacity = 1_024
    /// The most requests of recent users that come first; more wait among the others.
    static let recentCapacity = 256
    /// The most of one recent user that come first.
    static let recentOfOne = 4
    /// The most bytes of bodies that are kept for each line.
    static let bytes = 1 << 20
    /// One of so many is from the other line, while both have some: neither waits for the other's end.
    private static let otherShare = 4
    /// A turn looks at more than one while that takes less than this, in nanoseconds.
    private static let turnTime: UInt64 = 50_000

    private struct Waiting {
        let request: HeldRequest
        let user: Int?
    }

    private struct Line {
        var requests = Deque<Waiting>()
        var bytes = 0
    }

    /// Called with each request whose turn has come.
    var onTurn: ((HeldRequest) -> Void)?

    private let loop: EventLoop
    private var recent = Line()
    private var others = Line()
    /// How many requests of each user wait in the line of recent users.
    private var countsOfRecent: [Int: Int] = [:]
    private var turns = 0

    init(on loop: EventLoop) {
        self.loop = loop
        super.init()
    }

    /// Whether there is room for a body of this size.
    ///
    /// - Parameter user: a hash of the user, if a recent one.
    func hasRoom(forBytes count: Int, of user: Int? = nil) -> Bool {
        comesFirst(count, user) || others.requests.count < Self.capacity && others.bytes + count <= Self.bytes
    }

    private func comesFirst(_ bytes: Int, _ user: Int?) -> Bool {
        guard let user else { return false }
        return countsOfRecent[user, default: 0] < Self.recentOfOne && recent.requests.count < Self.recentCapacity
            && recent.bytes + bytes <= Self.bytes
    }

    /// Takes in a request.
    func admit(_ request: HeldRequest, of user: Int? = nil) {
        if let user, comesFirst(request.body.count, user) {
            recent.requests.append(Waiting(request: request, user: user))
            recent.bytes += request.body.count
            countsOfRecent[user, default: 0] += 1
        } else {
            others.requests.append(Waiting(request: request, user: nil))
            others.bytes += request.body.count
        }
        // The next turn's, whatever has become ready by then first.
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
