import Base
import EventLoop

/// Requests whose token names a key that has been sent for; each leaves when news comes, or when its time is over.
///
/// Bounded: whoever makes up names of keys takes a place for two seconds and nothing else from anybody.
final class WaitingRoom: EventSource {
    /// The longest wait, in nanoseconds: clients give up after a few seconds, a good issuer answers in a tenth of one.
    static let patience: UInt64 = 2_000_000_000
    /// The most requests that wait.
    static let places = 256
    /// The most bytes of bodies that are kept for them.
    static let bytes = 1 << 20

    /// Called with each guest that leaves, to be looked at once more.
    var leaves: ((HeldRequest) -> Void)?

    private let loop: EventLoop
    private var guests: [HeldRequest] = []
    private var bytes = 0

    init(on loop: EventLoop) {
        self.loop = loop
        super.init()
    }

    /// Whether there is room for a body of this size, and time left.
    func hasRoom(forBytes count: Int, startedAt: UInt64) -> Bool {
        guests.count < Self.places && bytes + count <= Self.bytes && Clock.monotonic < startedAt + Self.patience
    }

    /// Takes in a request.
    func admit(_ guest: HeldRequest) {
        guests.append(guest)
        bytes += guest.body.count
        setTimer()
    }

    /// The next to leave is not always the one that came first: some come back.
    private func setTimer() {
        if let next = guests.map(\.deadline).min() { loop.setTimer(self, at: next) }
    }

    /// There is news: everybody leaves, and may come back.
    func release() {
        loop.cancelTimer(self)
        let all = guests
        (guests, bytes) = ([], 0)
        for guest in all { leaves?(guest) }
    }

    /// Those whose time is over leave.
    override func timerFired() {
        let now = Clock.monotonic
        let due = guests.filter { $0.deadline <= now }
        guests.removeAll { $0.deadline <= now }
        bytes = guests.reduce(0) { $0 + $1.body.count }
        setTimer()
        for guest in due { leaves?(guest) }
    }
}

extension HeldRequest {
    /// When its time in the waiting room is over.
    fileprivate var deadline: UInt64 { startedAt + WaitingRoom.patience }
}
