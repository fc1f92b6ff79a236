internal import Base
internal import CFastCGI
public import EventLoop
internal import Glibc

/// A connection that the web server keeps, and the request that runs on it.
///
/// The event loop says when it is ready. Nothing here waits for the peer: libfcgi reads a request once it is whole, and
/// of an answer the socket is given what it takes. Between requests a connection holds no buffers.
@safe
public final class Connection<Handler: RequestHandler>: EventSource {
    /// The running request; each request has its own.
    @safe @exclusivity(unchecked) public internal(set) var id: RequestID

    /// On the heap, because libfcgi keeps its address.
    let request: UnsafeMutablePointer<FCGX_Request>
    unowned let server: Server<Handler>
    let loop: EventLoop
    /// Does not block.
    var descriptor: Int32
    @safe @exclusivity(unchecked) var lifecycle = ConnectionLifecycle()
    /// What the loop watches the descriptor for.
    private var interest: Readiness = [.readable, .edge]
    /// When the peer has to have sent or taken something.
    var peerDeadline = PeerDeadline()
    /// The request that has not arrived completely.
    var partial: PartialRequest?
    /// When that has to be complete.
    var arrivalDeadline = UInt64.max
    /// The answer as far as the socket has not taken it.
    @safe @exclusivity(unchecked) var unsent = UnsentBytes()
    /// The server's; each request reads it a dozen times.
    private let valueOffsets: InlineArray<16, UInt8>
    /// Where the running request's parameters are.
    @safe @exclusivity(unchecked) var places = ParameterPlaces()

    /// Takes ownership of an accepted socket that does not block.
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

    /// Begins to listen to the peer.
    func start() throws(SystemError) {
        try loop.add(self, descriptor: descriptor, for: interest)
    }

    // MARK: What the loop tells

    /// The descriptor became ready.
    public override func ready(_ readiness: Readiness) {
        perform(lifecycle.becameReady(readiness))
    }

    /// What arrived while a request was running is received, and a peer that left is reported, outside of the handler's
    /// calls.
    public override func turnEnded() {
        perform(lifecycle.turnEnded())
    }

    /// The peer's deadline, or an earlier one that has moved.
    public override func timerFired() {
        if peerDeadline.hasPassed(loop.now) { perform(lifecycle.timedOut()) } else { setTimer() }
    }

    /// Gives the peer so much time from now on.
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
            // The caller may still hold what the next request would use.
            loop.postpone(self)
        case .close: close(abandoning: false)
        case .abandon: close(abandoning: true)
        }
    }

    /// Has the loop watch the descriptor for what the connection needs now.
    ///
    /// - Parameter anew: whether to be told once more of what is there already.
    func watch(anew: Bool = false) {
        let needed = lifecycle.interest(hasUnsent: !unsent.isEmpty)
        guard needed != interest || anew, lifecycle.state != .closed else { return }
        interest = needed
        // Fails for want of kernel memory only; without being told, the connection is of no use.
        if (try? loop.change(self, to: needed)) == nil { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    // MARK: The running request

    /// A parameter's value, or nil when the web server did not send it; of two with one name, the first.
    ///
    /// The bytes belong to libfcgi and last until the request is answered.
    ///
    /// - Parameter place: an index of `Handler.parameterNames`.
    @_lifetime(borrow self)
    public func parameter(_ place: Int) -> Span<UInt8>? {
        lifecycle.hasRequest ? value(place) : nil
    }

    @_lifetime(borrow self)
    private func value(_ place: Int) -> Span<UInt8>? {
        guard let index = places[place], let text = unsafe request.pointee.envp[index] else { return nil }
        let value = unsafe text + Int(valueOffsets[place])
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: strlen(value))
        return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }

    /// CONTENT_LENGTH, 0 when it is absent or no number.
    var contentLength: Int {
        guard let digits = value(server.contentLengthPlace) else { return 0 }
        var value = 0
        for index in digits.indices {
            let digit = Int(digits[index]) - 0x30
            guard (0...9).contains(digit), value < Int.max / 16 else { return 0 }
            value = value * 10 + digit
        }
        return value
    }

    // MARK: The end

    /// Closes it unless a request is running.
    func retire() {
        perform(lifecycle.retire())
    }

    private func close(abandoning: Bool) {
        let id = id
        if partial != nil { leaveLargeRequests() }
        release()
        server.connectionClosed(slot: id.slot, abandoning: abandoning ? id : nil)
    }

    /// Closes it whatever it does; the server goes away and must not be told.
    func abandon() {
        lifecycle.abandon()
        release()
    }

    /// Lets go of the descriptor and of all memory.
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
