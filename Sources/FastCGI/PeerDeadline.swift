/// The time by which the peer has to do something, in nanoseconds of `Clock.monotonic`.
///
/// It moves with every byte. Setting the loop's timer costs more, so a timer that is early is left as it is and set anew
/// when it goes off.
struct PeerDeadline {
    /// `.max` while the peer owes nothing.
    private var deadline = UInt64.max
    private var timer = UInt64.max

    mutating func set(_ deadline: UInt64) {
        self.deadline = deadline
    }

    /// The peer owes nothing.
    mutating func clear() {
        deadline = .max
    }

    /// The timer went off: whether the deadline has passed, which is told once.
    mutating func hasPassed(_ now: UInt64) -> Bool {
        timer = .max
        guard deadline <= now else { return false }
        deadline = .max
        return true
    }

    /// When the loop's timer has to go off; nil when it is early enough.
    mutating func timerToSet() -> UInt64? {
        guard deadline < timer else { return nil }
        timer = deadline
        return deadline
    }
}
