/// The events of a descriptor.
public struct Readiness: OptionSet, Sendable {
    /// The bits of `epoll_event.events`.
    public let rawValue: UInt32

    /// Takes the bits as they are.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A read does not block: data, or the end of file.
    ///
    /// The bit is `EPOLLIN`.
    public static let readable = Readiness(rawValue: 0x001)
    /// A write does not block.
    ///
    /// The bit is `EPOLLOUT`.
    public static let writable = Readiness(rawValue: 0x004)
    /// The descriptor has an error; always reported.
    ///
    /// The bit is `EPOLLERR`.
    public static let failed = Readiness(rawValue: 0x008)
    /// Both directions are closed; always reported.
    ///
    /// The bit is `EPOLLHUP`.
    public static let hungUp = Readiness(rawValue: 0x010)
    /// Only one of the loops that wait on the descriptor is woken.
    ///
    /// The bit is `EPOLLEXCLUSIVE`.
    public static let exclusive = Readiness(rawValue: 1 << 28)
    /// Edge-triggered: reported once per change, not in every turn.
    ///
    /// The bit is `EPOLLET`.
    public static let edge = Readiness(rawValue: 1 << 31)
}

/// An object that the loop calls: for a descriptor, a timer, or work postponed to the end of a turn.
///
/// The loop retains a source while its descriptor is registered, so it outlives its own events.
open class EventSource {
    /// Its registration with the loop; nil when it has no descriptor there.
    var registration: Registration?
    /// When its timer fires, in nanoseconds of `Clock.monotonic`; nil when it is not set.
    var timerDeadline: UInt64?
    /// Whether it is called at the end of this turn.
    var isPostponed = false

    /// Makes a source without a registration.
    public init() {}

    /// Its descriptor has become ready.
    open func ready(_ readiness: Readiness) {}

    /// Its timer has fired and is no longer set.
    open func timerFired() {}

    /// The turn in which it was postponed is ending.
    open func turnEnded() {}
}

/// A slot in the loop's table.
///
/// A reused slot gets another generation, so that an event already fetched for its earlier owner is recognised and
/// dropped.
struct Registration: Equatable {
    var slot: UInt32
    var generation: UInt32
    var descriptor: Int32

    /// The value stored in `epoll_data`.
    var key: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
