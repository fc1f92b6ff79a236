import Base
import EventLoop
import Glibc

/// Reports this worker's state to the service manager by the protocol of `sd_notify`, if `NOTIFY_SOCKET` is set.
///
/// The watchdog's keep-alives come from a timer of the loop that serves requests, so a blocked loop is detected; a
/// separate thread would not detect it.
final class ServiceManager: EventSource {
    private let loop: EventLoop
    private let channel: NotificationSocket?
    /// Half of the watchdog's interval, in nanoseconds; nil without a watchdog.
    private let interval: UInt64?
    private var isReady = false

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`; nothing is sent yet.
    init(_ environment: [String: String] = Environment.variables(), on loop: EventLoop) {
        self.loop = loop
        channel = environment["NOTIFY_SOCKET"].flatMap { NotificationSocket($0) }
        let isForUs = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
        let microseconds = isForUs ? environment["WATCHDOG_USEC"].flatMap { UInt64($0) } : nil
        interval = channel == nil ? nil : microseconds.map { max($0, 2) * 500 }
        super.init()
    }

    /// Sends READY when the database is first connected, at the latest after `timeout`: without a database a worker
    /// answers errors at once, and a restart of the pool must not wait for it.
    func begin(timeout: UInt64 = 3_000_000_000) {
        guard let channel else { return }
        channel.send("STATUS=Connecting to the database")
        loop.setTimer(self, at: loop.now + min(timeout, interval ?? timeout))
    }

    /// Reports that the database is connected.
    func databaseConnected() {
        ready("Serving")
        channel?.send("STATUS=Serving")
    }

    /// Reports that the database is not connected.
    func databaseLost(_ reason: String) {
        // Without line breaks, which would begin another assignment.
        channel?.send("STATUS=No database: \(reason.filter { !$0.isNewline })")
    }

    /// Reports that the worker is draining.
    func draining() {
        channel?.send("STOPPING=1\nSTATUS=Draining")
    }

    override func timerFired() {
        ready("Serving without a database")
        guard let interval else { return }
        channel?.send("WATCHDOG=1")
        loop.setTimer(self, at: loop.now + interval)
    }

    private func ready(_ status: String) {
        guard !isReady else { return }
        isReady = true
        channel?.send("READY=1\nSTATUS=\(status)")
        guard let interval else { return }
        channel?.send("WATCHDOG=1")
        loop.setTimer(self, at: loop.now + interval)
    }
}
