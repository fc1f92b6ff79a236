/// The time by which the peer must send or receive more, in nanoseconds of `Clock.monotonic`.
///
/// The deadline moves with every byte. Setting the loop's timer costs more, so a timer that is early stays and is set
/// again when it fires.
struct PeerDeadline {
    /// `.max` while nothing is expected of the peer.
    private var deadline = UInt64.max
    private var timer = UInt64.max

    mutating func set(_ deadline: UInt64) {
        self.deadline = deadline
    }

    /// Nothing is expected of the peer.
    mutating func clear() {
        deadline = .max
    }

    /// The timer fired: whether the deadline has passed; true once per deadline.
    mutating func hasPassed(_ now: UInt64) -> Bool {
        timer = .max
        guard deadline <= now else { return false }
        deadline = .max
        return true
    }

    /// The time to set the loop's timer to; nil when it is early enough.
    mutating func timerToSet() -> UInt64? {
        guard deadline < timer else { return nil }
        timer = deadline
        return deadline
    }
}
