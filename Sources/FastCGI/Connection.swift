internal import Base
internal import CFastCGI
public import EventLoop
internal import Glibc

/// A connection that the web server keeps, and the request that runs on it.
///
/// The event loop reports when it is ready. No call waits for the peer: libfcgi reads a request once it is whole, and
/// the socket is given as much of an answer as it takes. Between requests a connection holds no buffers.
@safe
public final class Connection<Handler: RequestHandler>: EventSource {
    /// The id of the running request.
    @safe @exclusivity(unchecked) public internal(set) var id: RequestID

    /// On the heap, because libfcgi keeps its address.
    let request: UnsafeMutablePointer<FCGX_Request>
    unowned let server: Server<Handler>
    let loop: EventLoop
    /// Non-blocking.
    var descriptor: Int32
    @safe @exclusivity(unchecked) var lifecycle = ConnectionLifecycle()
    /// What the loop watches the descriptor for.
    private var interest: Readiness = [.readable, .edge]
    /// By when the peer must send or receive more.
    var peerDeadline = PeerDeadline()
    /// The request that has not arrived completely.
    var partial: PartialRequest?
    /// By when `partial` must be complete.
    var arrivalDeadline = UInt64.max
    /// The part of the answer that the socket has not taken yet.
    @safe @exclusivity(unchecked) var unsent = UnsentBytes()
    /// A copy of the server's, since each request reads it a dozen times.
    private let valueOffsets: InlineArray<16, UInt8>
    /// The running request's parameters by the index of their names.
    @safe @exclusivity(unchecked) var parameterIndices = ParameterIndices()

    /// Takes ownership of an accepted non-blocking socket.
    init(takingOwnershipOf descriptor: Int32, id: RequestID, server: Server<Handler>) {
        self.descriptor = descriptor
        self.id = id
        self.server = server
        loop = server.loop
        valueOffsets = server.parameterNames.valueOffsets
        unsafe request = .allocate(capacity: 1)
        unsafe FCGX_InitRequest(request, -1, 0)
        super.init()
    }

    deinit {
        unsafe request.deallocate()
    }

    /// Registers the connection with the loop.
    func start() throws(SystemError) {
        try loop.add(self, descriptor: descriptor, for: interest)
    }

    // MARK: Events of the loop

    /// The descriptor became ready.
    public override func ready(_ readiness: Readiness) {
        perform(lifecycle.becameReady(readiness))
    }

    /// Receives what arrived while a request was running, or reports that the peer has left, outside of the handler's
    /// calls.
    public override func turnEnded() {
        perform(lifecycle.turnEnded())
    }

    /// The peer's deadline has passed, or it was moved and the timer is set again.
    public override func timerFired() {
        if peerDeadline.hasPassed(loop.now) { perform(lifecycle.timedOut()) } else { setTimer() }
    }

    /// Sets the peer's deadline this long from now.
    func expectPeer(within milliseconds: Int, atMostUntil end: UInt64 = .max) {
        peerDeadline.set(min(loop.now + nanoseconds(milliseconds), end))
        setTimer()
    }

    private func setTimer() {
        if let deadline = peerDeadline.timerToSet() { loop.setTimer(self, at: deadline) }
    }

    func perform(_ action: ConnectionLifecycle.Action) {
        switch action {
        case .wait: watch()
        case .receive: receive()
        case .stopReceiving: stopReceiving()
        case .write: write()
        case .postpone:
            watch()
            // The caller may still use buffers that the next request would overwrite.
            loop.postpone(self)
        case .close: close(abandoning: false)
        case .abandon: close(abandoning: true)
        }
    }

    /// Watches the descriptor for the events that the connection needs now.
    ///
    /// - Parameter rearm: whether an event that was already reported is reported again.
    func watch(rearm: Bool = false) {
        let needed = lifecycle.interest(hasUnsent: !unsent.isEmpty)
        guard needed != interest || rearm, lifecycle.state != .closed else { return }
        interest = needed
        // Fails only when the kernel is out of memory; without events the connection is unusable.
        if (try? loop.change(self, to: needed)) == nil { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    // MARK: The running request

    /// A parameter's value, or nil when the web server did not send it; of two with one name, the first.
    ///
    /// The bytes belong to libfcgi and last until the request is answered.
    ///
    /// - Parameter name: an index of `Handler.parameterNames`.
    @_lifetime(borrow self)
    public func parameter(_ name: Int) -> Span<UInt8>? {
        lifecycle.hasRequest ? value(name) : nil
    }

    @_lifetime(borrow self)
    private func value(_ name: Int) -> Span<UInt8>? {
        guard let index = parameterIndices[name], let text = unsafe request.pointee.envp[index] else { return nil }
        let value = unsafe text + Int(valueOffsets[name])
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: strlen(value))
        return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }

    /// CONTENT_LENGTH, 0 when it is absent or no number.
    var contentLength: Int {
        guard let digits = value(server.contentLengthName) else { return 0 }
        var value = 0
        for index in digits.indices {
            let digit = Int(digits[index]) - 0x30
            guard (0...9).contains(digit), value < Int.max / 16 else { return 0 }
            value = value * 10 + digit
        }
        return value
    }

    // MARK: The end

    /// Closes the connection unless a request is running.
    func retire() {
        perform(lifecycle.retire())
    }

    private func close(abandoning: Bool) {
        let id = id
        if partial != nil { leaveLargeRequests() }
        release()
        server.connectionClosed(slot: id.slot, abandoning: abandoning ? id : nil)
    }

    /// Closes the connection in any state; the server is being freed and must not be called.
    func abandon() {
        lifecycle.abandon()
        release()
    }

    /// Closes the descriptor and frees all memory.
    private func release() {
        loop.remove(self)
        loop.cancelTimer(self)
        unsafe FCGX_Free(request, 0)
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
        partial = nil
        unsent = UnsentBytes()
    }
}
