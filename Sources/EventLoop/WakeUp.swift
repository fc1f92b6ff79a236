public import Base

/// An `EventSignal` on a loop: another thread notifies, the loop's thread calls the handler.
public final class WakeUp: EventSource {
    /// The signal that the other thread notifies.
    public let signal: EventSignal
    /// Called on the loop's thread, once for all pending notifications.
    public var handler: (() -> Void)?

    /// Registers a new signal with a loop.
    public init(on loop: EventLoop) throws(SystemError) {
        signal = try EventSignal(isBlocking: false)
        super.init()
        try loop.add(self, descriptor: signal.descriptor, for: .readable)
    }

    /// Consumes the notifications, then calls the handler: one that arrives meanwhile is handled in the next turn.
    public override func ready(_ readiness: Readiness) {
        signal.wait()
        handler?()
    }
}
