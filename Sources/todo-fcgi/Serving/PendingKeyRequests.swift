import Base
import EventLoop

/// Requests that wait for a key which is being fetched; each is released after the fetch or at its timeout.
///
/// Bounded: a request with an invented `kid` occupies one slot for at most two seconds.
final class PendingKeyRequests: EventSource {
    /// The longest wait, in nanoseconds: clients give up after a few seconds, most issuers answer within 100 ms.
    static let timeout: UInt64 = 2_000_000_000
    /// The most requests that wait.
    static let capacity = 256
    /// The most bytes of their bodies.
    static let bytes = 1 << 20

    /// Called with each request that is released, to plan it again.
    var onRelease: ((HeldRequest) -> Void)?

    private let loop: EventLoop
    private var waiting: [HeldRequest] = []
    private var bytes = 0

    init(on loop: EventLoop) {
        self.loop = loop
        super.init()
    }

    /// Whether a request with a body of this size can be admitted, and has time left.
    func hasRoom(forBytes count: Int, startedAt: UInt64) -> Bool {
        waiting.count < Self.capacity && bytes + count <= Self.bytes && Clock.monotonic < startedAt + Self.timeout
    }

    /// Admits a request.
    func admit(_ request: HeldRequest) {
        waiting.append(request)
        bytes += request.body.count
        setTimer()
    }

    /// Sets the timer to the earliest deadline, which is not always the first request's: a request may be readmitted.
    private func setTimer() {
        if let next = waiting.map(\.deadline).min() { loop.setTimer(self, at: next) }
    }

    /// Releases all requests after a fetch; each may be admitted again.
    func release() {
        loop.cancelTimer(self)
        let released = waiting
        (waiting, bytes) = ([], 0)
        for request in released { onRelease?(request) }
    }

    /// Releases the requests that have timed out.
    override func timerFired() {
        let now = Clock.monotonic
        let due = waiting.filter { $0.deadline <= now }
        waiting.removeAll { $0.deadline <= now }
        bytes = waiting.reduce(0) { $0 + $1.body.count }
        setTimer()
        for request in due { onRelease?(request) }
    }
}

extension HeldRequest {
    /// When the request stops waiting for its key.
    fileprivate var deadline: UInt64 { startedAt + PendingKeyRequests.timeout }
}
