import Base
import EventLoop
import Glibc

/// A source that records the loop's calls.
final class Probe: EventSource {
    enum Call: Equatable {
        case ready(Readiness)
        case timerFired
        case turnEnded
    }

    private(set) var calls: [Call] = []
    /// Called after each call was recorded.
    var respond: ((Call) -> Void)?

    override func ready(_ readiness: Readiness) {
        note(.ready(readiness))
    }

    override func timerFired() {
        note(.timerFired)
    }

    override func turnEnded() {
        note(.turnEnded)
    }

    private func note(_ call: Call) {
        calls.append(call)
        respond?(call)
    }

    /// The calls since the last `takeCalls`.
    func takeCalls() -> [Call] {
        defer { calls = [] }
        return calls
    }
}

/// Two connected sockets, closed with it.
final class SocketPair {
    let near: Int32
    let far: Int32
    private var open: Set<Int32>

    init() {
        var descriptors: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        precondition(socketpair(AF_UNIX, kind, 0, &descriptors) == 0)
        (near, far) = (descriptors[0], descriptors[1])
        open = [near, far]
    }

    deinit {
        for descriptor in open { Glibc.close(descriptor) }
    }

    func close(_ descriptor: Int32) {
        if open.remove(descriptor) != nil { Glibc.close(descriptor) }
    }

    /// Makes the near end readable.
    func send(_ text: String = "x") {
        precondition(write(far, text, text.utf8.count) == text.utf8.count)
    }

    /// Reads the bytes that have arrived at the near end.
    func read(_ count: Int = 64) -> Int {
        var bytes = [UInt8](repeating: 0, count: count)
        return Glibc.read(near, &bytes, count)
    }
}

extension EventLoop {
    /// Handles pending events, without waiting.
    func turnAtOnce() throws(SystemError) {
        try turn(timeout: 0)
    }
}
