import Base
import EventLoop
import Glibc
import Testing

@Suite("Turns of a loop")
struct TurnTests {
    private let loop: EventLoop
    private let pair = SocketPair()

    init() throws {
        loop = try EventLoop()
    }

    @Test("Descriptors come first, then timers, then postponed sources, in order")
    func order() throws {
        let (descriptor, timer, first, second) = (Probe(), Probe(), Probe(), Probe())
        var order: [String] = []
        descriptor.respond = { _ in order.append("descriptor") }
        timer.respond = { _ in order.append("timer") }
        first.respond = { _ in order.append("first") }
        second.respond = { _ in order.append("second") }
        loop.postpone(first)
        loop.postpone(second)
        loop.setTimer(timer, at: 0)
        try loop.add(descriptor, descriptor: pair.near, for: .writable)
        try loop.turnAtOnce()
        #expect(order == ["descriptor", "timer", "first", "second"])
        loop.remove(descriptor)
    }

    @Test("A source postponed several times in a turn is called once, and not in the next turn")
    func once() throws {
        let probe = Probe()
        for _ in 1...5 { loop.postpone(probe) }
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.turnEnded])
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
        loop.postpone(probe)
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.turnEnded])
    }

    @Test("A source postponed while the turn ends is called in the same turn: by itself, by others, in circles")
    func again() throws {
        let (first, second) = (Probe(), Probe())
        var rounds = 0
        first.respond = { [unowned loop] _ in
            rounds += 1
            loop.postpone(second)
        }
        second.respond = { [unowned loop, unowned first] _ in if rounds < 3 { loop.postpone(first) } }
        loop.postpone(first)
        try loop.turnAtOnce()
        #expect(first.calls.count == 3 && second.calls.count == 3)

        let alone = Probe()
        alone.respond = { [unowned loop, unowned alone] _ in if alone.calls.count < 4 { loop.postpone(alone) } }
        loop.postpone(alone)
        try loop.turnAtOnce()
        #expect(alone.calls.count == 4)
    }

    @Test("A source that is postponed and released is still called, and freed afterwards")
    func ownership() throws {
        var calls = 0
        var probe: Probe? = Probe()
        weak let watched = probe
        probe?.respond = { _ in calls += 1 }
        loop.postpone(probe!)
        probe = nil
        try loop.turnAtOnce()
        #expect(calls == 1)
        #expect(watched == nil)
    }

    @Test("A source may add, remove, set timers and postpone from any of its calls")
    func reentry() throws {
        let (probe, other) = (Probe(), Probe())
        var kinds: Set<String> = []
        func everything(_ call: Probe.Call) {
            kinds.insert("\(call)")
            loop.remove(other)
            #expect(throws: Never.self) { try loop.add(other, descriptor: pair.near, for: [.writable, .edge]) }
            loop.setTimer(other, at: .max)
            loop.cancelTimer(other)
            loop.postpone(other)
        }
        probe.respond = { everything($0) }
        let own = SocketPair()
        try loop.add(probe, descriptor: own.near, for: [.writable, .edge])
        loop.setTimer(probe, at: 0)
        loop.postpone(probe)
        try loop.turnAtOnce()
        #expect(kinds.count == 3)
        probe.respond = nil
        loop.remove(probe)
        loop.remove(other)
    }

    @Test("It runs until it is stopped, and can be run again")
    func run() throws {
        for rounds in [1, 3] {
            let probe = Probe()
            probe.respond = { [unowned loop, unowned probe] _ in
                if probe.calls.count == rounds { loop.stop() } else { loop.setTimer(probe, at: loop.now) }
            }
            loop.setTimer(probe, at: loop.now)
            try loop.run()
            #expect(probe.calls.count == rounds)
        }
    }

    @Test("Postponed sources are called also in the turn in which the loop was stopped")
    func stoppedEarly() throws {
        let (stopping, last) = (Probe(), Probe())
        stopping.respond = { [unowned loop] _ in
            loop.stop()
            loop.postpone(last)
        }
        loop.setTimer(stopping, at: 0)
        try loop.run()
        #expect(last.calls == [.turnEnded])
    }

    @Test("The clocks advance, and the loop's time is constant within a turn")
    func clocks() throws {
        #expect(Clock.monotonic <= Clock.monotonic)
        // 2024-01-01 and 2100-01-01.
        #expect((1_704_067_200_000_000_000...4_102_444_800_000_000_000).contains(Clock.realTime))
        let (first, second) = (Probe(), Probe())
        var times: [UInt64] = []
        first.respond = { [unowned loop] _ in times.append(loop.now) }
        second.respond = { [unowned loop] _ in times.append(loop.now) }
        loop.setTimer(first, at: 0)
        loop.postpone(second)
        try loop.turnAtOnce()
        #expect(times == [loop.now, loop.now])
    }

    @Test("It has caught up after a turn that fetched all ready events, and not after a full one")
    func caughtUp() throws {
        try loop.turnAtOnce()
        let first = loop.now
        try loop.turnAtOnce()
        #expect(loop.caughtUpAt == first)

        let pairs = (0..<300).map { _ in SocketPair() }
        let probes = pairs.map { _ in Probe() }
        for (pair, probe) in zip(pairs, probes) { try loop.add(probe, descriptor: pair.near, for: .readable) }
        for pair in pairs { pair.send() }
        try loop.turnAtOnce()
        let full = loop.now
        let before = loop.caughtUpAt
        try loop.turnAtOnce()
        #expect(loop.caughtUpAt == before, "some were ready that this turn did not see")
        for pair in pairs { #expect(pair.read() == 1) }
        try loop.turnAtOnce()
        try loop.turnAtOnce()
        #expect(loop.caughtUpAt > full)
        for probe in probes { loop.remove(probe) }
    }

    @Test("A turn without events ends after a second")
    func idle() throws {
        let begin = Clock.monotonic
        try loop.turn()
        #expect((900_000_000...3_000_000_000).contains(Clock.monotonic - begin))
    }

    @Test("An error names its call and has the system's message")
    func errors() throws {
        #expect("\(SystemError("open", code: ENOENT))" == "open: No such file or directory")
        #expect(throws: SystemError("chdir", code: ENOENT)) { try checked("chdir", chdir("/nowhere")) }
        #expect(try checked("dup", 7) == 7)
    }
}
