/// What the loop may have to tell of a descriptor.
public struct Readiness: OptionSet, Sendable {
    /// The bits of `epoll_event.events`.
    public let rawValue: UInt32

    /// Takes the bits as they are.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read, an end of file included.
    ///
    /// The bit is `EPOLLIN`.
    public static let readable = Readiness(rawValue: 0x001)
    /// There is room to write.
    ///
    /// The bit is `EPOLLOUT`.
    public static let writable = Readiness(rawValue: 0x004)
    /// The descriptor is broken; always reported.
    ///
    /// The bit is `EPOLLERR`.
    public static let failed = Readiness(rawValue: 0x008)
    /// Both ways are closed; always reported.
    ///
    /// The bit is `EPOLLHUP`.
    public static let hungUp = Readiness(rawValue: 0x010)
    /// Only one of the loops that wait on the descriptor is woken.
    ///
    /// The bit is `EPOLLEXCLUSIVE`.
    public static let exclusive = Readiness(rawValue: 1 << 28)
    /// Reported once a change, not once a turn.
    ///
    /// The bit is `EPOLLET`.
    public static let edge = Readiness(rawValue: 1 << 31)
}

/// Something the loop calls: a descriptor, a timer, or work left for the end of a turn.
///
/// The loop holds a source while its descriptor is registered, so it cannot go away under its own events.
open class EventSource {
    /// Where the loop keeps it; nil when it has no descriptor there.
    var registration: Registration?
    /// When its timer goes off, in nanoseconds of `Clock.monotonic`; nil for not at all.
    var timerDeadline: UInt64?
    /// Whether it is on the list for the end of this turn.
    var isPostponed = false

    /// Makes a source that no loop knows yet.
    public init() {}

    /// Its descriptor has become ready.
    open func ready(_ readiness: Readiness) {}

    /// Its timer has gone off; it is no longer set.
    open func timerFired() {}

    /// The turn in which it was postponed is ending.
    open func turnEnded() {}
}

/// A place in the loop's table.
///
/// A place that is used again gets another generation, so that an event that was already fetched for an earlier owner
/// is recognised and dropped.
struct Registration: Equatable {
    var slot: UInt32
    var generation: UInt32
    var descriptor: Int32

    /// As it travels through `epoll_data`.
    var key: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
