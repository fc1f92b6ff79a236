public import Base
internal import CLinux
public import EventLoop
internal import Glibc

/// Answers `GET /metrics` on a local address, on which one process of the pool listens at a time.
///
/// All work is bounded and non-blocking, so that clients' requests are not delayed.
public final class MetricsServer: EventSource {
    /// The most connections at once; a scraper has one.
    private static var capacity: Int { 16 }
    /// How often processes that do not listen try again, in nanoseconds.
    private static var interval: UInt64 { 1_000_000_000 }

    /// Makes the text; called once per scrape.
    let content: () -> [UInt8]
    /// Called when listening fails for another reason than EADDRINUSE, once per reason.
    public var failed: ((SystemError) -> Void)?

    private let address: LocalAddress
    private let loop: EventLoop
    private var socket: LocalSocket?
    private var connections: [ScrapeConnection] = []
    private var lastFailure: SystemError?
    private var isWatching = false

    /// Keeps the address; `start` listens.
    public init(_ address: LocalAddress, on loop: EventLoop, content: @escaping () -> [UInt8]) {
        self.address = address
        self.loop = loop
        self.content = content
        super.init()
    }

    /// Listens now, or as soon as the address is free.
    public func start() {
        timerFired()
    }

    /// Whether this process listens.
    public var isListening: Bool { socket != nil }

    /// Tries to listen.
    public override func timerFired() {
        do throws(SystemError) {
            if socket == nil { socket = try .listening(on: address) }
            guard let descriptor = socket?.descriptor, !isWatching else { return }
            try loop.add(self, descriptor: descriptor, for: .readable)
            isWatching = true
            lastFailure = nil
        } catch {
            if error.code != EADDRINUSE, error != lastFailure {
                lastFailure = error
                failed?(error)
            }
            loop.setTimer(self, at: loop.now + Self.interval)
        }
    }

    /// A peer connects.
    public override func ready(_ readiness: Readiness) {
        guard let listening = socket?.descriptor else { return }
        let descriptor = accept4(listening, nil, nil, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
        guard descriptor >= 0 else {
            // Out of descriptors or memory: the socket stays ready, so watching it would spin.
            if errno != EAGAIN, errno != ECONNABORTED, errno != EINTR { pause() }
            return
        }
        // The oldest connection, most likely a silent one, is closed for the new one.
        if connections.count == Self.capacity { connections[0].end() }
        if let connection = try? ScrapeConnection(takingOwnershipOf: descriptor, self, on: loop) {
            connections.append(connection)
        }
    }

    private func pause() {
        isWatching = false
        loop.remove(self)
        loop.setTimer(self, at: loop.now + Self.interval)
    }

    func ended(_ connection: ScrapeConnection) {
        connections.removeAll { $0 === connection }
    }
}
