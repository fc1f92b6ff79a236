public import Base
internal import CLinux
internal import Glibc

/// Threads beside the loop's, for calls that block.
public enum BackgroundThread {
    /// Carries a closure to the new thread.
    private final class Work {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs a closure on a new detached thread that has all signals blocked.
    ///
    /// The corresponding C function is `pthread_create`.
    public static func run(_ work: @escaping @Sendable () -> Void) throws(SystemError) {
        // A new thread inherits the signal mask.
        var (all, before) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(Work(work))
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            throw SystemError("pthread_create", code: code)
        }
    }
}
