import Base
import EventLoop
import Glibc
import Testing

@Suite("Descriptors on a loop")
struct DescriptorTests {
    private let loop: EventLoop
    private let probe = Probe()
    private let pair = SocketPair()

    init() throws {
        loop = try EventLoop()
    }

    @Test("A descriptor is reported in every turn while it stays ready")
    func level() throws {
        try loop.add(probe, descriptor: pair.near, for: .readable)
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
        pair.send()
        for _ in 1...3 { try loop.turnAtOnce() }
        #expect(probe.takeCalls() == [.ready(.readable), .ready(.readable), .ready(.readable)])
        #expect(pair.read() == 1)
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
        loop.remove(probe)
    }

    @Test("An edge-triggered descriptor is reported once per change, even if bytes stay unread")
    func edge() throws {
        try loop.add(probe, descriptor: pair.near, for: [.readable, .edge])
        pair.send("two")
        for _ in 1...3 { try loop.turnAtOnce() }
        #expect(probe.takeCalls() == [.ready(.readable)])
        #expect(pair.read(1) == 1)
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
        pair.send()
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.readable)])
        loop.remove(probe)
    }

    @Test("An edge from before the descriptor was added is reported")
    func earlyEdge() throws {
        pair.send()
        try loop.add(probe, descriptor: pair.near, for: [.readable, .edge])
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.readable)])
        loop.remove(probe)
    }

    @Test("The watched events can be changed")
    func change() throws {
        try loop.add(probe, descriptor: pair.near, for: .writable)
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.writable)])
        try loop.change(probe, to: .readable)
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
        pair.send()
        try loop.change(probe, to: [.readable, .writable])
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready([.readable, .writable])])
        loop.remove(probe)
        // A source without a descriptor has nothing to change.
        try loop.change(probe, to: .readable)
    }

    @Test("The far end's close is always reported")
    func hungUp() throws {
        try loop.add(probe, descriptor: pair.near, for: [])
        pair.close(pair.far)
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.hungUp)])
        loop.remove(probe)
    }

    @Test("A removed source gets no more calls, and may be removed again")
    func remove() throws {
        try loop.add(probe, descriptor: pair.near, for: .readable)
        pair.send()
        loop.remove(probe)
        loop.remove(probe)
        try loop.turnAtOnce()
        #expect(probe.calls.isEmpty)
    }

    @Test("A source that removes itself in its own call gets no more calls")
    func removeItself() throws {
        try loop.add(probe, descriptor: pair.near, for: .readable)
        probe.respond = { [unowned loop, unowned probe] _ in loop.remove(probe) }
        pair.send()
        for _ in 1...2 { try loop.turnAtOnce() }
        #expect(probe.takeCalls() == [.ready(.readable)])
    }

    @Test("Of two sources that are ready in one turn, the first to be called can remove the second")
    func removeAnother() throws {
        let (other, otherPair) = (Probe(), SocketPair())
        try loop.add(probe, descriptor: pair.near, for: .readable)
        try loop.add(other, descriptor: otherPair.near, for: .readable)
        probe.respond = { [unowned loop, unowned other] _ in loop.remove(other) }
        other.respond = { [unowned loop, unowned probe] _ in loop.remove(probe) }
        pair.send()
        otherPair.send()
        try loop.turnAtOnce()
        #expect(probe.calls.count + other.calls.count == 1)
        loop.remove(probe)
        loop.remove(other)
    }

    @Test("An event of a removed source is not reported to the one that reuses its slot in the same turn")
    func slotReused() throws {
        // Both are ready; the first one called replaces the other by a third, on a descriptor that is not ready.
        let (other, otherPair, third, thirdPair) = (Probe(), SocketPair(), Probe(), SocketPair())
        func replace(_ victim: Probe) {
            loop.remove(victim)
            #expect(throws: Never.self) { try loop.add(third, descriptor: thirdPair.near, for: .readable) }
        }
        try loop.add(probe, descriptor: pair.near, for: .readable)
        try loop.add(other, descriptor: otherPair.near, for: .readable)
        probe.respond = { _ in if third.calls.isEmpty, other.calls.isEmpty { replace(other) } }
        other.respond = { _ in if third.calls.isEmpty, probe.calls.isEmpty { replace(probe) } }
        pair.send()
        otherPair.send()
        try loop.turnAtOnce()
        #expect(probe.calls.count + other.calls.count == 1)
        #expect(third.calls.isEmpty)
        (probe.respond, other.respond) = (nil, nil)
        thirdPair.send()
        try loop.turnAtOnce()
        #expect(third.takeCalls() == [.ready(.readable)])
        for source in [probe, other, third] { loop.remove(source) }
    }

    @Test("A source may be added again, to the same descriptor or another")
    func addAgain() throws {
        let otherPair = SocketPair()
        for near in [pair.near, pair.near, otherPair.near] {
            try loop.add(probe, descriptor: near, for: .writable)
            try loop.turnAtOnce()
            #expect(probe.takeCalls() == [.ready(.writable)])
            loop.remove(probe)
        }
    }

    @Test("A descriptor that cannot be watched is refused, and its source and slot stay free")
    func refused() throws {
        for _ in 1...3 {
            #expect(throws: SystemError("epoll_ctl", code: EBADF)) {
                try loop.add(probe, descriptor: -1, for: .readable)
            }
        }
        let file = open("/proc/self/exe", O_RDONLY)
        defer { close(file) }
        #expect(throws: SystemError("epoll_ctl", code: EPERM)) {
            try loop.add(probe, descriptor: file, for: .readable)
        }
        try loop.add(probe, descriptor: pair.near, for: .readable)
        let other = Probe()
        #expect(throws: SystemError("epoll_ctl", code: EEXIST)) {
            try loop.add(other, descriptor: pair.near, for: .readable)
        }
        pair.send()
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.readable)])
        #expect(other.calls.isEmpty)
        loop.remove(probe)
    }

    @Test("A descriptor that was closed before its source was removed is no error, and its number can be used again")
    func closedFirst() throws {
        try loop.add(probe, descriptor: pair.near, for: .readable)
        pair.close(pair.near)
        loop.remove(probe)
        let next = SocketPair()
        try loop.add(probe, descriptor: next.near, for: .readable)
        next.send()
        try loop.turnAtOnce()
        #expect(probe.takeCalls() == [.ready(.readable)])
        loop.remove(probe)
    }

    @Test("The loop retains a source only while it is registered")
    func ownership() throws {
        var source: Probe? = Probe()
        weak let watched = source
        try loop.add(source!, descriptor: pair.near, for: .readable)
        source = nil
        #expect(watched != nil)
        pair.send()
        watched?.respond = { [unowned loop] _ in if let watched { loop.remove(watched) } }
        try loop.turnAtOnce()
        #expect(watched == nil)
    }

    @Test("500 ready descriptors are all reported, a part of them in each turn")
    func many() throws {
        let pairs = (0..<500).map { _ in SocketPair() }
        let probes = pairs.map { _ in Probe() }
        for (probe, pair) in zip(probes, pairs) {
            try loop.add(probe, descriptor: pair.near, for: [.writable, .edge])
        }
        try withExtendedLifetime(pairs) {
            for _ in 1...4 { try loop.turnAtOnce() }
        }
        #expect(probes.allSatisfy { $0.calls == [.ready(.writable)] })
        for probe in probes { loop.remove(probe) }
    }
}
