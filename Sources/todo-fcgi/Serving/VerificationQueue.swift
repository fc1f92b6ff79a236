import Base
import DequeModule
import EventLoop

/// Requests whose tokens take a public key's work, a hundred times that of all others: each turn of the loop looks at
/// one of them, after everybody who needs none.
///
/// So whoever sends signatures that are wrong, as fast as the worker can tell, holds up others of his kind, and hardly
/// those whose tokens are known.
final class VerificationQueue: EventSource {
    /// The most requests that wait: a tenth of a second's work.
    static let places = 1_024
    /// The most bytes of bodies that are kept for them.
    static let bytes = 1 << 20
    /// A turn looks at more than one while that takes less than this, in nanoseconds.
    private static let share: UInt64 = 50_000

    /// Called with each guest that leaves, to be verified.
    var leaves: ((HeldRequest) -> Void)?

    private let loop: EventLoop
    private var guests = Deque<HeldRequest>()
    private var bytes = 0

    init(on loop: EventLoop) {
        self.loop = loop
        super.init()
    }

    /// Whether there is room for a body of this size.
    func hasRoom(forBytes count: Int) -> Bool {
        guests.count < Self.places && bytes + count <= Self.bytes
    }

    /// Takes in a request.
    func admit(_ guest: HeldRequest) {
        guests.append(guest)
        bytes += guest.body.count
        // The next turn's, whatever has become ready by then first.
        loop.setTimer(self, at: loop.now)
    }

    override func timerFired() {
        let start = Clock.monotonic
        while let guest = guests.popFirst() {
            bytes -= guest.body.count
            leaves?(guest)
            guard Clock.monotonic < start + Self.share else { break }
        }
        if !guests.isEmpty { loop.setTimer(self, at: loop.now) }
    }
}
