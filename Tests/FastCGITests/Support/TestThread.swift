import Glibc

/// A thread, for a peer's work while the server waits for it.
///
/// Not a task: the server's loop occupies the test's thread.
final class TestThread {
    private final class Work {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private var thread = pthread_t()

    init(_ work: @escaping @Sendable () -> Void) {
        let argument = Unmanaged.passRetained(Work(work)).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, argument)
        precondition(result == 0, "pthread_create: \(result)")
    }

    /// Waits for its end.
    func join() {
        pthread_join(thread, nil)
    }
}
