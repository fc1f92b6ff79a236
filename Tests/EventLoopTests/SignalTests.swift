import Base
import EventLoop
import Glibc
import Testing

/// Each test runs in a process of its own: tests in one process would share signal mask and signals.
@Suite("Signals on a loop")
struct SignalTests {
    @Test("Each signal is one event, and interrupts no system call")
    func signals() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var arrived: [Int32] = []
            let source = try SignalSource([SIGTERM, SIGINT], on: loop) { arrived.append($0) }
            try loop.turn(timeout: 0)
            #expect(arrived.isEmpty)
            raise(SIGTERM)
            try loop.turn(timeout: 0)
            #expect(arrived == [SIGTERM])
            // A thread has at most one pending signal of each kind.
            raise(SIGINT)
            raise(SIGTERM)
            raise(SIGTERM)
            try loop.turn(timeout: 0)
            #expect(arrived.sorted() == [SIGTERM, SIGINT, SIGTERM].sorted())
            try loop.turn(timeout: 0)
            #expect(arrived.count == 3)
            loop.remove(source)
        }
    }

    @Test("A signal ends the loop's wait, and its handler may stop the loop")
    func wakes() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let source = try SignalSource([SIGALRM], on: loop) { _ in loop.stop() }
            signalThisThread(SIGALRM, after: 100_000)
            try loop.run()
            loop.remove(source)
        }
    }

    @Test("A signal that was not blocked and is handled elsewhere does not break the loop's wait")
    func interrupted() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            signal(SIGALRM) { _ in }
            // The threads that tests run on have their signals blocked.
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, SIGALRM)
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
            let timer = Probe()
            let deadline = Clock.monotonic + 1_500_000_000
            loop.setTimer(timer, at: deadline)
            signalThisThread(SIGALRM, after: 1_000_000)
            var turns = 0
            while timer.calls.isEmpty {
                try loop.turn()
                turns += 1
            }
            #expect(turns == 2)
            #expect(loop.now >= deadline && loop.now < deadline + 800_000_000)
        }
    }
}

/// Sends a signal to the thread that calls, some microseconds later.
private func signalThisThread(_ signal: Int32, after microseconds: UInt32) {
    let target = pthread_self()
    Thread.start {
        usleep(microseconds)
        pthread_kill(target, signal)
    }
}

/// A detached thread.
private final class Thread {
    private let work: @Sendable () -> Void

    private init(_ work: @escaping @Sendable () -> Void) {
        self.work = work
    }

    static func start(_ work: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            {
                if let argument = $0 { Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, Unmanaged.passRetained(Thread(work)).toOpaque())
        pthread_detach(thread)
    }
}
