public import Base
internal import CLinux
internal import Glibc

/// Wakes one thread from another; pending notifications coalesce (`eventfd`).
///
/// The descriptor is closed with the last reference, so that no thread writes to a reused descriptor.
public final class EventSignal: Sendable {
    let descriptor: Int32

    /// Makes a signal without a pending notification.
    ///
    /// - Parameter isBlocking: whether `wait` blocks; false for a signal that an event loop watches.
    ///
    /// The corresponding C function is `eventfd`.
    public init(isBlocking: Bool) throws(SystemError) {
        descriptor = try checked("eventfd", eventfd(0, Int32(EFD_CLOEXEC) | (isBlocking ? 0 : Int32(EFD_NONBLOCK))))
    }

    deinit {
        close(descriptor)
    }

    /// Wakes the waiting thread; callable from any thread, never blocks.
    ///
    /// The corresponding C function is `eventfd_write`.
    public func notify() {
        // Fails only when the counter is full: then a notification is pending anyway.
        _ = eventfd_write(descriptor, 1)
    }

    /// Consumes the pending notifications; a blocking signal waits for the first.
    ///
    /// The corresponding C function is `eventfd_read`.
    public func wait() {
        var count = eventfd_t(0)
        while unsafe eventfd_read(descriptor, &count) != 0, errno == EINTR {}
    }
}
