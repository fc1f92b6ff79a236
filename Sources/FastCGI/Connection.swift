internal import CFastCGI
public import EventLoop
internal import Glibc

/// A connection that the web server keeps, and the request that runs on it.
///
/// The event loop says when it is ready; only then libfcgi reads from it, and never waits for more than the
/// socket's timeouts. Between requests it holds no buffers.
@safe
public final class Connection<Handler: RequestHandler>: EventSource {
    /// The running request; each request has its own.
    public internal(set) var id: RequestID

    /// On the heap, because libfcgi keeps its address.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private unowned let server: Server<Handler>
    private let loop: EventLoop
    private var descriptor: Int32
    private var lifecycle = ConnectionLifecycle()
    private var isKept = false
    /// The server's; each request reads it a dozen times.
    private let valueOffsets: InlineArray<16, UInt8>
    /// Where the running request's parameters are.
    private var places = ParameterPlaces()

    /// Takes ownership of an accepted, blocking socket.
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

    /// The descriptor became ready.
    public override func ready(_ readiness: Readiness) {
        let hungUp = readiness.contains(.hungUp) || readiness.contains(.failed)
        perform(lifecycle.becameReady(hungUp: hungUp))
    }

    /// Closes it unless a request is running.
    func retire() {
        perform(lifecycle.retire())
    }

    private func perform(_ action: ConnectionLifecycle.Action) {
        switch action {
        case .wait: break
        case .close: close()
        case .read: readRequest()
        // The caller may still hold what the next request would use.
        case .readLater: loop.postpone(self)
        }
    }

    /// What arrived while a request was running is read when its answer is out of everybody's hands.
    public override func turnEnded() {
        perform(lifecycle.turnEnded())
    }

    // MARK: Reading

    /// Reads a request and hands it on.
    ///
    /// The corresponding C function is `FCGX_Accept_r`.
    private func readRequest() {
        // Set by hand, these make `FCGX_Accept_r` read from our descriptor and not close it first …
        unsafe request.pointee.ipcFd = descriptor
        unsafe request.pointee.keepConnection = 1
        // … and this keeps its close, after an error, from waiting two seconds for the peer's.
        unsafe request.pointee.detached = 1
        guard unsafe FCGX_Accept_r(request) == 0 else {
            descriptor = unsafe request.pointee.ipcFd
            return perform(lifecycle.readFailed())
        }
        // Parameters that break off between two of them are no error to `FCGX_Accept_r`.
        guard unsafe FCGX_GetError(request.pointee.in) == 0 else { return perform(lifecycle.readFailed()) }
        isKept = unsafe request.pointee.keepConnection != 0
        // Whether the connection stays is decided here, so libfcgi must not close it when the request ends.
        unsafe request.pointee.keepConnection = 1
        id = server.nextRequest(on: id.slot)
        places = unsafe server.parameterNames.find(in: request.pointee.envp)
        let body = server.body
        unsafe body.read(from: request.pointee.in, announced: contentLength)
        server.handler?.handle(self, body: body.content)
    }

    // MARK: The running request

    /// A parameter's value, or nil when the web server did not send it; of two with one name, the first.
    ///
    /// The bytes belong to libfcgi and last until the request is answered.
    ///
    /// - Parameter place: an index of `Handler.parameterNames`.
    @_lifetime(borrow self)
    public func parameter(_ place: Int) -> Span<UInt8>? {
        guard lifecycle.state == .running, let index = places[place], let text = unsafe request.pointee.envp[index]
        else { return nil }
        let value = unsafe text + Int(valueOffsets[place])
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: strlen(value))
        return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }

    /// CONTENT_LENGTH, 0 when it is absent or no number.
    private var contentLength: Int {
        guard let digits = parameter(server.contentLengthPlace) else { return 0 }
        var value = 0
        for index in digits.indices {
            let digit = Int(digits[index]) - 0x30
            guard (0...9).contains(digit), value < Int.max / 16 else { return 0 }
            value = value * 10 + digit
        }
        return value
    }

    // MARK: Answering

    /// Writes the whole answer, a CGI response (RFC 3875, section 6), and ends the request.
    ///
    /// Does nothing when no request is running. The peer's failure to take it ends the connection, silently: there is
    /// nobody left to tell. The corresponding C functions are `FCGX_PutStr` and `FCGX_Finish_r`.
    ///
    /// - Parameter headers: whole header lines that go before the response's own.
    public func answer(_ response: Span<UInt8>, after headers: Span<UInt8> = Span()) {
        guard lifecycle.state == .running else { return }
        let isWritten = write(headers) && write(response)
        // Ending it writes what is in the buffer again: to a peer that does not read, that is one more wait.
        if !isWritten { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        unsafe FCGX_Finish_r(request)
        // Closed by libfcgi when the streams had failed.
        descriptor = unsafe request.pointee.ipcFd
        server.requestEnded(on: id.slot)
        perform(lifecycle.answered(isKept: isWritten && isKept && descriptor >= 0))
    }

    /// Hands bytes to libfcgi, which sends them when its buffer is full or the request ends.
    private func write(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress, bytes.count > 0 else { return true }
            let text = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
            return unsafe FCGX_PutStr(text, Int32(bytes.count), request.pointee.out) >= 0
        }
    }

    private func close() {
        release()
        server.connectionClosed(slot: id.slot)
    }

    /// Closes it whatever it does; the server goes away and must not be told.
    func abandon() {
        lifecycle.abandon()
        release()
    }

    /// Lets go of the descriptor and of libfcgi's memory.
    private func release() {
        loop.remove(self)
        unsafe FCGX_Free(request, 0)
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }
}
