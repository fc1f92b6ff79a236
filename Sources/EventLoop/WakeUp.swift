public import Base

/// A doorbell at a loop: another thread rings, the loop's thread answers.
public final class WakeUp: EventSource {
    /// For the other thread to keep.
    public let bell: Doorbell
    /// Called on the loop's thread after the bell was rung, once however often.
    public var handler: (() -> Void)?

    /// Hangs a bell at a loop.
    public init(on loop: EventLoop) throws(SystemError) {
        bell = try Doorbell(isWaitedFor: false)
        super.init()
        try loop.add(self, descriptor: bell.descriptor, for: .readable)
    }

    /// Takes back the ring, then answers: what is rung meanwhile is heard in the next turn.
    public override func ready(_ readiness: Readiness) {
        bell.wait()
        handler?()
    }
}
