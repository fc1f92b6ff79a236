public import Base
internal import CLinux
internal import Glibc

/// What one thread rings and another waits for; rings that nobody has heard yet count as one.
///
/// The descriptor is closed with the last of those who hold the bell, so that nobody rings at another's door.
public final class Doorbell: Sendable {
    let descriptor: Int32

    /// Makes a bell that has not been rung.
    ///
    /// - Parameter isWaitedFor: whether a thread sleeps in `wait`; a loop's bell is only looked at.
    ///
    /// The corresponding C function is `eventfd`.
    public init(isWaitedFor: Bool) throws(SystemError) {
        descriptor = try checked("eventfd", eventfd(0, Int32(EFD_CLOEXEC) | (isWaitedFor ? 0 : Int32(EFD_NONBLOCK))))
    }

    deinit {
        close(descriptor)
    }

    /// Wakes the other side; from any thread, and never waits.
    ///
    /// The corresponding C function is `eventfd_write`.
    public func ring() {
        // Fails only when the counter is full: then the other side has enough to wake up for.
        _ = eventfd_write(descriptor, 1)
    }

    /// Takes back what was rung; sleeps until then, if the bell is made for it.
    ///
    /// The corresponding C function is `eventfd_read`.
    public func wait() {
        var count = eventfd_t(0)
        while unsafe eventfd_read(descriptor, &count) != 0, errno == EINTR {}
    }
}
