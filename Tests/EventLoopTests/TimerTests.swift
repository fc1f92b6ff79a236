import Base
import EventLoop
import Testing

@Suite("Timers of a loop")
struct TimerTests {
    private let loop: EventLoop
    private let millisecond: UInt64 = 1_000_000

    init() throws {
        loop = try EventLoop()
    }

    /// Turns until no timer is left that fires within a second.
    private func turn(until condition: () -> Bool) throws {
        let end = Clock.monotonic + 1_000 * millisecond
        while !condition(), Clock.monotonic < end { try loop.turn(timeout: end - min(end, Clock.monotonic)) }
    }

    @Test(
        "Timers fire in the order of their deadlines, set in any order",
        arguments: [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 1, 4, 2, 5], [2, 2, 1, 1, 2]])
    func order(_ deadlines: [Int]) throws {
        var fired: [Int] = []
        let start = loop.now
        for deadline in deadlines {
            let probe = Probe()
            probe.respond = { _ in fired.append(deadline) }
            loop.setTimer(probe, at: start + UInt64(deadline) * millisecond)
        }
        try turn { fired.count == deadlines.count }
        #expect(fired == deadlines.sorted())
        #expect(loop.now >= start + 2 * millisecond)
    }

    @Test("1,000 timers set in random order fire in order")
    func many() throws {
        var random = SystemRandomNumberGenerator()
        var fired: [UInt64] = []
        let deadlines = (0..<1_000).map { _ in loop.now + .random(in: 0..<millisecond, using: &random) }
        for deadline in deadlines {
            let probe = Probe()
            probe.respond = { _ in fired.append(deadline) }
            loop.setTimer(probe, at: deadline)
        }
        try turn { fired.count == deadlines.count }
        #expect(fired.count == 1_000 && fired == fired.sorted())
    }

    @Test("A timer never fires before its deadline")
    func notEarly() throws {
        for microseconds: UInt64 in [1, 100, 999, 1_000, 1_001, 2_500] {
            let probe = Probe()
            let deadline = Clock.monotonic + microseconds * 1_000
            loop.setTimer(probe, at: deadline)
            try turn { !probe.calls.isEmpty }
            #expect(Clock.monotonic >= deadline && loop.now >= deadline)
            #expect(probe.takeCalls() == [.timerFired])
        }
    }

    @Test("A timer fires once")
    func once() throws {
        let probe = Probe()
        loop.setTimer(probe, at: loop.now)
        for _ in 1...3 { try loop.turnAtOnce() }
        #expect(probe.calls == [.timerFired])
    }

    @Test("A source has one timer: setting it again moves it, later or earlier")
    func moved() throws {
        let (later, earlier) = (Probe(), Probe())
        loop.setTimer(later, at: loop.now)
        loop.setTimer(later, at: loop.now + 3_600_000 * millisecond)
        loop.setTimer(earlier, at: loop.now + 3_600_000 * millisecond)
        loop.setTimer(earlier, at: loop.now)
        for _ in 1...3 { try loop.turnAtOnce() }
        #expect(later.calls.isEmpty)
        #expect(earlier.calls == [.timerFired])
        loop.setTimer(later, at: loop.now)
        try loop.turnAtOnce()
        #expect(later.calls == [.timerFired])
    }

    @Test("A timer that is set twice to the same time, or set, cancelled and set again, fires once")
    func setAgain() throws {
        let (twice, again) = (Probe(), Probe())
        let deadline = loop.now + 1
        for _ in 1...2 { loop.setTimer(twice, at: deadline) }
        loop.setTimer(again, at: deadline)
        loop.cancelTimer(again)
        loop.setTimer(again, at: deadline)
        for _ in 1...3 { try loop.turnAtOnce() }
        #expect(twice.calls == [.timerFired])
        #expect(again.calls == [.timerFired])
    }

    @Test("A cancelled timer does not fire, nor one that another cancels in the same turn")
    func cancelled() throws {
        let (first, second) = (Probe(), Probe())
        loop.setTimer(first, at: loop.now)
        loop.cancelTimer(first)
        loop.cancelTimer(first)
        try loop.turnAtOnce()
        #expect(first.calls.isEmpty)

        loop.setTimer(first, at: loop.now + 1)
        loop.setTimer(second, at: loop.now + 2)
        first.respond = { [unowned loop] _ in loop.cancelTimer(second) }
        for _ in 1...2 { try loop.turnAtOnce() }
        #expect(first.calls == [.timerFired])
        #expect(second.calls.isEmpty)
    }

    @Test("A timer that sets itself for now fires once a turn, so that descriptors are served between")
    func forNow() throws {
        let (timer, descriptor, pair) = (Probe(), Probe(), SocketPair())
        timer.respond = { [unowned loop, unowned timer] _ in loop.setTimer(timer, at: loop.now) }
        loop.setTimer(timer, at: 0)
        try loop.add(descriptor, descriptor: pair.near, for: .writable)
        for _ in 1...5 { try loop.turnAtOnce() }
        #expect(timer.calls.count == 5)
        #expect(descriptor.calls.count == 5)
        timer.respond = nil
        loop.remove(descriptor)
    }

    @Test("A timer may set others: those that are due fire in the next turn")
    func chain() throws {
        let (first, second) = (Probe(), Probe())
        first.respond = { [unowned loop] _ in loop.setTimer(second, at: loop.now) }
        loop.setTimer(first, at: loop.now)
        try loop.turnAtOnce()
        #expect(second.calls.isEmpty)
        try loop.turnAtOnce()
        #expect(second.calls == [.timerFired])
    }

    @Test("A loop waits no longer than for its next timer")
    func wait() throws {
        let (cancelled, timer) = (Probe(), Probe())
        let start = Clock.monotonic
        loop.setTimer(cancelled, at: start + 1)
        loop.cancelTimer(cancelled)
        loop.setTimer(timer, at: start + 20 * millisecond)
        try loop.turn()
        #expect(loop.now >= start + 20 * millisecond && loop.now < start + 1_000 * millisecond)
        #expect(timer.calls == [.timerFired])
    }

    @Test("A loop waits no longer than its timeout, with or without timers")
    func timeout() throws {
        for hasTimer in [false, true] {
            let probe = Probe()
            if hasTimer { loop.setTimer(probe, at: .max) }
            let start = Clock.monotonic
            try loop.turn(timeout: 10 * millisecond)
            #expect(loop.now >= start + 10 * millisecond && loop.now < start + 1_000 * millisecond)
            #expect(probe.calls.isEmpty)
        }
    }
}
