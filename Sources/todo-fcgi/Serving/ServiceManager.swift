import Base
import EventLoop
import Glibc

/// Tells the service manager how this worker is, by the protocol of `sd_notify`; silent where none asked for it.
///
/// The watchdog is fed by a timer of the loop that serves requests: a worker whose loop stands still is replaced,
/// which no thread of its own would notice.
final class ServiceManager: EventSource {
    private let loop: EventLoop
    private let channel: NotificationSocket?
    /// Half of what the manager allows, in nanoseconds; nil when it does not watch.
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

    /// Says READY when the database answers for the first time, at the latest after `patience`: a worker that waits
    /// for its database serves errors at once, and a restart of the pool goes on.
    func begin(patience: UInt64 = 3_000_000_000) {
        guard let channel else { return }
        channel.send("STATUS=Connecting to the database")
        loop.setTimer(self, at: loop.now + min(patience, interval ?? patience))
    }

    /// The database answers.
    func databaseConnected() {
        ready("Serving")
        channel?.send("STATUS=Serving")
    }

    /// The database does not answer.
    func databaseLost(_ reason: String) {
        // A line each: what the reason says must not become another assignment.
        channel?.send("STATUS=No database: \(reason.filter { !$0.isNewline })")
    }

    /// The worker has begun to end.
    func draining() {
        channel?.send("STOPPING=1\nSTATUS=Serving what is left")
    }

    override func timerFired() {
        ready("Serving, without a database so far")
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
