internal import Glibc

/// The two clocks of the service, both in nanoseconds.
public enum Clock {
    /// Time that only goes forward, for deadlines.
    ///
    /// The corresponding C function is `clock_gettime(CLOCK_MONOTONIC)`.
    public static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

    /// Time since 1970-01-01T00:00:00Z.
    ///
    /// The corresponding C function is `clock_gettime(CLOCK_REALTIME)`.
    public static var realTime: UInt64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Fails only for an unknown clock or a bad address.
        precondition(unsafe clock_gettime(clock, &time) == 0)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
