public import Base
internal import CFastCGI
internal import CLinux
public import EventLoop
internal import Glibc

/// Accepts the web server's connections, keeps them open, and passes their requests to a handler.
///
/// Several processes may share the listening socket; the kernel wakes one of them for each connection.
@safe
public final class Server<Handler: RequestHandler>: EventSource {
    /// The limits of one server.
    public struct Limits: Sendable {
        /// The largest body that is kept; a larger one is read, dropped and reported.
        public var bodyBytes = 1 << 20
        /// How long the peer may be silent in the middle of a request, in milliseconds.
        public var peerMilliseconds = 2_000
        /// How long a request may take to arrive in all, in milliseconds.
        public var arrivalMilliseconds = 30_000
        /// How long the peer may receive nothing of an answer, in milliseconds; a web server has buffers of its own.
        public var answerMilliseconds = 30_000

        /// The defaults.
        public init() {}
    }

    /// Handles every request; its owner keeps it alive.
    public weak var handler: Handler?
    /// The open connections, idle ones included.
    public private(set) var connectionCount = 0
    /// Called once, when a drain is complete.
    public var whenDrained: (() -> Void)?

    let loop: EventLoop
    let limits: Limits
    /// The handler's names, followed by CONTENT_LENGTH.
    let parameterNames = ParameterNames(Handler.parameterNames + ["CONTENT_LENGTH"])
    let contentLengthName = Handler.parameterNames.count
    /// The body of the request that is being read, shared by all connections.
    let body: BodyBuffer
    /// The buffer for one `recv`; a larger request is collected.
    let receiveBuffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 << 10)
    /// The records that are being sent.
    let batch = RecordBatch()
    var largeRequests = LargeRequests<Handler>()

    private let socket: ListeningSocket
    private var connections: [Connection<Handler>?] = []
    @safe @exclusivity(unchecked) private var sequences: [UInt32] = []
    private var freeSlots: [Int] = []
    private var drainDeadline: UInt64?
    /// The last turn in which connections waited to be accepted, and the last time before it when none did.
    private var queue = (seenAt: UInt64(0), emptyAt: UInt64(0))

    /// Starts to accept from the socket.
    ///
    /// The corresponding C function is `FCGX_Init`.
    public init(
        accepting socket: ListeningSocket, on loop: EventLoop, limits: Limits = Limits()
    ) throws(SystemError) {
        // `FCGX_Init` installs a SIGTERM handler that does nothing: block the signal before, or it may be lost.
        guard FCGX_Init() == 0 else { throw SystemError("FCGX_Init") }
        self.socket = socket
        self.loop = loop
        self.limits = limits
        body = BodyBuffer(limit: limits.bodyBytes)
        super.init()
        try startAccepting()
    }

    deinit {
        for connection in connections { connection?.abandon() }
        unsafe receiveBuffer.deallocate()
    }

    /// The connection on which this request still runs; nil when it was answered or its connection is gone.
    public func connection(running id: RequestID) -> Connection<Handler>? {
        guard id.slot < connections.count, let connection = connections[id.slot], connection.id == id,
            sequences[id.slot] == id.sequence
        else { return nil }
        return connection
    }

    // MARK: Accepting

    private func startAccepting() throws(SystemError) {
        try loop.add(self, descriptor: socket.descriptor, for: [.readable, .exclusive])
    }

    /// The last time at which this process had received all pending connections and requests: no request that is
    /// handled now has waited for longer.
    public var caughtUpAt: UInt64 {
        queue.seenAt < loop.caughtUpAt ? loop.caughtUpAt : queue.emptyAt
    }

    /// Accepts one connection per turn: a less busy process may accept the next.
    public override func ready(_ readiness: Readiness) {
        queue = (seenAt: loop.now, emptyAt: caughtUpAt)
        guard !acceptOne() else { return }
        if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS {
            // The socket stays ready, so watching it would spin: other processes may accept meanwhile.
            loop.remove(self)
            loop.setTimer(self, at: loop.now + 100_000_000)
        }
    }

    /// Accepts a connection, if one is waiting.
    private func acceptOne() -> Bool {
        guard let descriptor = socket.accept() else { return false }
        open(descriptor)
        return true
    }

    private func open(_ descriptor: Int32) {
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count {
            connections.append(nil)
            sequences.append(0)
        }
        let connection = Connection(
            takingOwnershipOf: descriptor, id: RequestID(slot: slot, sequence: sequences[slot]), server: self)
        do {
            try connection.start()
        } catch {
            freeSlots.append(slot)
            return connection.abandon()
        }
        connections[slot] = connection
        connectionCount += 1
    }

    // MARK: Reports from connections

    /// The id of the next request on a slot.
    func nextRequest(on slot: Int) -> RequestID {
        sequences[slot] &+= 1
        return RequestID(slot: slot, sequence: sequences[slot])
    }

    /// Invalidates the id of a slot's request.
    func requestEnded(on slot: Int) {
        sequences[slot] &+= 1
    }

    /// Removes a connection.
    ///
    /// - Parameter request: the request that was running on it, to be reported as abandoned.
    func connectionClosed(slot: Int, abandoning request: RequestID?) {
        sequences[slot] &+= 1
        connections[slot] = nil
        freeSlots.append(slot)
        connectionCount -= 1
        if let request { handler?.requestAbandoned(request) }
        if connectionCount == 0, drainDeadline != nil { drained() }
    }

    // MARK: Draining

    /// Stops accepting and serves the open connections until the web server has closed them, at most until a deadline.
    ///
    /// Idle connections are closed only at the deadline: the web server may be sending a request on one at the moment
    /// the worker closes it.
    public func drain(until deadline: UInt64) {
        guard drainDeadline == nil else { return }
        drainDeadline = deadline
        loop.remove(self)
        // The kernel may have woken only this process for the connections that wait now.
        while acceptOne() {}
        guard connectionCount > 0 else { return drained() }
        loop.setTimer(self, at: deadline)
    }

    /// The drain's deadline, or the end of a pause in accepting.
    public override func timerFired() {
        guard drainDeadline != nil else {
            if (try? startAccepting()) == nil { loop.setTimer(self, at: loop.now + 100_000_000) }
            return
        }
        for connection in connections { connection?.retire() }
        if connectionCount > 0 { drained() }
    }

    private func drained() {
        loop.cancelTimer(self)
        let report = whenDrained
        whenDrained = nil
        report?()
    }
}
