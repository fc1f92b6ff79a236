public import Base
internal import CLinux
internal import Glibc

/// Signals as events: blocked for the process and read from a descriptor, so that none interrupts a system call.
public final class SignalSource: EventSource {
    private let descriptor: Int32
    private let loop: EventLoop
    private let handler: (Int32) -> Void

    /// Blocks the signals and calls `handler` with each that arrives, on the loop's thread.
    ///
    /// Call it before other threads start: they inherit the mask. The corresponding C function is `signalfd`.
    public init(
        _ signals: [Int32], on loop: EventLoop, handler: @escaping (Int32) -> Void
    ) throws(SystemError) {
        Self.block(signals)
        var set = Self.set(of: signals)
        descriptor = try checked(
            "signalfd", unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK)))
        self.loop = loop
        self.handler = handler
        super.init()
        try loop.add(self, descriptor: descriptor, for: .readable)
    }

    deinit {
        close(descriptor)
    }

    /// Blocks the signals: those that arrive stay pending until a source reads them.
    ///
    /// The corresponding C function is `pthread_sigmask`.
    public static func block(_ signals: [Int32]) {
        var set = set(of: signals)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }

    /// Reads the pending signals and calls the handler with each.
    public override func ready(_ readiness: Readiness) {
        var info = signalfd_siginfo()
        while unsafe read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size)
            == MemoryLayout<signalfd_siginfo>.size
        {
            handler(Int32(info.ssi_signo))
        }
    }
}
