public import Base
internal import CLinux
public import EventLoop
internal import Glibc

/// Answers `GET /metrics` at an address of this machine, for a pool of which one process at a time has that address.
///
/// Everything is bounded and nothing waits: requests of clients come first.
public final class MetricsServer: EventSource {
    /// The most exchanges at once; a scraper has one.
    private static var places: Int { 16 }
    /// How often those without the address look whether it is free, in nanoseconds.
    private static var interval: UInt64 { 1_000_000_000 }

    /// Makes the text; called once a scrape.
    let content: () -> [UInt8]
    /// Called when the address cannot be had for another reason than that somebody else has it, once a reason.
    public var failed: ((SystemError) -> Void)?

    private let address: LocalAddress
    private let loop: EventLoop
    private var socket: LocalSocket?
    private var connections: [ScrapeConnection] = []
    private var lastFailure: SystemError?
    private var isWatching = false

    /// Prepares to listen; `start` begins.
    public init(_ address: LocalAddress, on loop: EventLoop, content: @escaping () -> [UInt8]) {
        self.address = address
        self.loop = loop
        self.content = content
        super.init()
    }

    /// Takes the address, now or as soon as it is free.
    public func start() {
        timerFired()
    }

    /// Whether this process has the address.
    public var isListening: Bool { socket != nil }

    /// It is time to look again.
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
            // Out of descriptors or memory: the socket stays ready, so it is left alone for a moment.
            if errno != EAGAIN, errno != ECONNABORTED, errno != EINTR { pause() }
            return
        }
        // Those who say nothing give way to those who might.
        if connections.count == Self.places { connections[0].end() }
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
