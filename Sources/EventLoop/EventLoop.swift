public import Base
internal import CLinux
internal import Glibc

/// A single-threaded event loop over epoll: waits for descriptors and timers and calls their sources, one by one.
///
/// It is not thread-safe: all calls happen on the thread that calls `run`.
@safe
public final class EventLoop {
    // Unchecked, as are the properties that each request uses several times: the checks are a fifth of what a worker
    // does for a request of one task.
    /// The time this turn began, in nanoseconds of `Clock.monotonic`.
    @safe @exclusivity(unchecked) public private(set) var now = Clock.monotonic
    /// When this loop last had fetched every ready event, before this turn: no event of this turn has been ready for
    /// longer.
    public private(set) var caughtUpAt = Clock.monotonic

    private let descriptor: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var slots: [(source: EventSource?, generation: UInt32)] = []
    private var freeSlots: [UInt32] = []
    private var timers = TimerHeap()
    private var postponed: [EventSource] = []
    private var isStopped = false
    /// Whether more events may have been ready than fit into one turn.
    private var hasMore = false

    /// Opens an empty loop.
    ///
    /// The corresponding C function is `epoll_create1`.
    public init() throws(SystemError) {
        descriptor = try checked("epoll_create1", epoll_create1(Int32(EPOLL_CLOEXEC)))
        unsafe events = .allocate(capacity: 256)
    }

    deinit {
        close(descriptor)
        unsafe events.deallocate()
    }

    // MARK: Descriptors

    /// Calls `source.ready` whenever the descriptor is ready as asked, and retains the source meanwhile.
    ///
    /// The caller owns the descriptor and calls `remove` before closing it. The corresponding C function is
    /// `epoll_ctl(EPOLL_CTL_ADD)`.
    public func add(_ source: EventSource, descriptor: Int32, for interest: Readiness) throws(SystemError) {
        precondition(source.registration == nil, "a source has one descriptor at a time")
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = UInt32(slots.count)
            slots.append((nil, 0))
        }
        let registration = Registration(
            slot: slot, generation: slots[Int(slot)].generation, descriptor: descriptor)
        do throws(SystemError) {
            try control(EPOLL_CTL_ADD, registration, interest)
        } catch {
            freeSlots.append(slot)
            throw error
        }
        slots[Int(slot)].source = source
        source.registration = registration
    }

    /// Changes what the source's descriptor is watched for.
    ///
    /// The corresponding C function is `epoll_ctl(EPOLL_CTL_MOD)`.
    public func change(_ source: EventSource, to interest: Readiness) throws(SystemError) {
        guard let registration = source.registration else { return }
        try control(EPOLL_CTL_MOD, registration, interest)
    }

    /// Unregisters the source and its descriptor; does nothing when it is not registered.
    ///
    /// Events already fetched for it are dropped. A descriptor that is already closed is no error. The corresponding
    /// C function is `epoll_ctl(EPOLL_CTL_DEL)`.
    public func remove(_ source: EventSource) {
        guard let registration = source.registration else { return }
        source.registration = nil
        let slot = Int(registration.slot)
        slots[slot] = (nil, registration.generation &+ 1)
        freeSlots.append(registration.slot)
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, registration.descriptor, nil)
    }

    private func control(
        _ operation: Int32, _ registration: Registration, _ interest: Readiness
    ) throws(SystemError) {
        let data = unsafe epoll_data_t(u64: registration.key)
        var event = unsafe epoll_event(events: interest.rawValue, data: data)
        _ = try checked("epoll_ctl", unsafe epoll_ctl(descriptor, operation, registration.descriptor, &event))
    }

    // MARK: Timers and the end of a turn

    /// Calls `source.timerFired` once, in the first turn after the deadline; replaces the source's earlier timer.
    ///
    /// A deadline in the past fires in the next turn, so that a source that keeps setting one starves no other.
    ///
    /// - Parameter deadline: nanoseconds of `Clock.monotonic`.
    public func setTimer(_ source: EventSource, at deadline: UInt64) {
        let deadline = max(deadline, now + 1)
        guard source.timerDeadline != deadline else { return }
        source.timerDeadline = deadline
        timers.insert(source, deadline: deadline)
    }

    /// Cancels the source's timer.
    public func cancelTimer(_ source: EventSource) {
        source.timerDeadline = nil
    }

    /// Calls `source.turnEnded` once, after all events of this turn, so that work of many requests is done together.
    public func postpone(_ source: EventSource) {
        guard !source.isPostponed else { return }
        source.isPostponed = true
        postponed.append(source)
    }

    // MARK: Running

    /// Runs turns until `stop` is called.
    public func run() throws(SystemError) {
        isStopped = false
        while !isStopped { try turn() }
    }

    /// Makes `run` return at the end of this turn.
    public func stop() {
        isStopped = true
    }

    /// Waits for events until the next timer, `timeout` or one second at most, and handles them.
    ///
    /// - Parameter timeout: nanoseconds to wait at most. The corresponding C function is `epoll_wait`.
    public func turn(timeout: UInt64? = nil) throws(SystemError) {
        if !hasMore { caughtUpAt = now }
        let count = try wait(timeout)
        now = Clock.monotonic
        hasMore = unsafe count == events.count
        for index in 0..<count {
            let key = unsafe events[index].data.u64
            let readiness = unsafe Readiness(rawValue: events[index].events)
            let slot = slots[Int(UInt32(truncatingIfNeeded: key))]
            guard let source = slot.source, slot.generation == UInt32(key >> 32) else { continue }
            source.ready(readiness)
        }
        while let source = timers.popDue(now) { source.timerFired() }
        // A source may postpone others, or itself, while the turn ends: those are called in this turn too.
        var next = 0
        while next < postponed.count {
            let source = postponed[next]
            next += 1
            source.isPostponed = false
            source.turnEnded()
        }
        postponed.removeAll(keepingCapacity: true)
    }

    private func wait(_ timeout: UInt64?) throws(SystemError) -> Int {
        // Bounded: after a longer wait `caughtUpAt` could not distinguish an idle process from a stopped one.
        var milliseconds: Int32 = 1_000
        let deadline = timers.nextDeadline()
        if deadline != nil || timeout != nil {
            let current = Clock.monotonic
            let untilTimer = deadline.map { $0 > current ? $0 - current : 0 } ?? .max
            let (whole, rest) = min(untilTimer, timeout ?? .max).quotientAndRemainder(dividingBy: 1_000_000)
            // Rounded up: waking just before the deadline would spin until it passes.
            milliseconds = min(milliseconds, Int32(clamping: rest == 0 ? whole : whole + 1))
        }
        let count = unsafe epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)
        if count >= 0 { return Int(count) }
        let error = SystemError("epoll_wait")
        // A debugger or SIGSTOP may interrupt the call; handled signals arrive by descriptor. The turn ends without
        // events, since waiting again for the full time would delay the timers.
        guard error.code == EINTR else { throw error }
        return 0
    }
}
