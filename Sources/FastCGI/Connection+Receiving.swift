internal import CFastCGI
internal import EventLoop
internal import Glibc

extension Connection {
    /// Looks at what has arrived: a whole request is libfcgi's to read, a part of one is collected.
    ///
    /// The corresponding C function is `recv`.
    func receive() {
        let buffer = unsafe server.receiveBuffer
        let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, SocketFlags.look)
        guard count > 0 else {
            guard count < 0, errno == EAGAIN || errno == EINTR else { return stopReceiving() }
            if partial == nil { lifecycle.receivedNothing() }
            return
        }
        let bytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: buffer[..<count]))
        if partial == nil, count < buffer.count, bytes.isOneWholeRequest { return run(readingFrom: descriptor) }
        collect(bytes)
    }

    /// Takes a piece of a request off the socket, and hands the request on when that completes it.
    private func collect(_ bytes: borrowing Span<UInt8>) {
        let partial = partial ?? PartialRequest(bodyLimit: server.limits.bodyBytes)
        if self.partial == nil {
            self.partial = partial
            arrivalDeadline = loop.now + nanoseconds(server.limits.arrivalMilliseconds)
        }
        guard server.largeRequests.admit(self, partial.keptByteCount + bytes.count) else {
            lifecycle.receivedPart()
            lifecycle.queue()
            peerDeadline.clear()
            return watch()
        }
        let taken = partial.take(bytes)
        let isReplied = reply(partial.takeReplies())
        // What belongs to the next request stays where it is.
        let flags = SocketFlags.receive
        guard isReplied, unsafe recv(descriptor, server.receiveBuffer.baseAddress, taken, flags) == taken else {
            return perform(lifecycle.receiveFailed())
        }
        switch partial.state {
        case .malformed: perform(lifecycle.receiveFailed())
        case .whole: run(partial)
        case .open where partial.isEmpty:
            endPartial()
            lifecycle.receivedNothing()
            watch(anew: true)
        case .open:
            lifecycle.receivedPart()
            expectPeer(within: server.limits.peerMilliseconds, atMostUntil: arrivalDeadline)
            watch()
        }
    }

    /// Sends answers to management records; false for a peer that does not take them.
    private func reply(_ records: [UInt8]) -> Bool {
        guard !records.isEmpty else { return true }
        return unsafe Glibc.send(descriptor, records, records.count, SocketFlags.send) == records.count
    }

    /// Others have made room for a large request.
    func leaveQueue() {
        lifecycle.leaveQueue()
        arrivalDeadline = loop.now + nanoseconds(server.limits.arrivalMilliseconds)
        expectPeer(within: server.limits.peerMilliseconds)
        watch()
    }

    private func endPartial() {
        partial = nil
        peerDeadline.clear()
        leaveLargeRequests()
    }

    /// Makes room for another large request.
    func leaveLargeRequests() {
        server.largeRequests.remove(self)?.leaveQueue()
    }

    /// No more comes: without its parameters a request is none, with them its body is incomplete.
    func stopReceiving() {
        guard let partial, partial.hasParameters else { return perform(lifecycle.receiveFailed()) }
        run(partial)
    }

    // MARK: Handing a request on

    private func run(_ partial: PartialRequest) {
        endPartial()
        guard let file = partial.makeFile() else { return perform(lifecycle.receiveFailed()) }
        run(readingFrom: file, omitted: partial.omittedBodyBytes)
    }

    /// Reads a request, which is there as far as it will ever be, and hands it on.
    ///
    /// The corresponding C function is `FCGX_Accept_r`.
    ///
    /// - Parameter source: the connection's own descriptor, or a file that is closed behind it.
    /// - Parameter omitted: how much of the body is not there.
    private func run(readingFrom source: Int32, omitted: Int = 0) {
        // Set by hand, these make `FCGX_Accept_r` read from the source and not close it first …
        unsafe request.pointee.ipcFd = source
        unsafe request.pointee.keepConnection = 1
        // … and this keeps its close, after an error, from waiting two seconds for the peer's.
        unsafe request.pointee.detached = 1
        let isAccepted = unsafe FCGX_Accept_r(request) == 0
        let isClosed = unsafe request.pointee.ipcFd < 0
        if source == descriptor, isClosed { descriptor = -1 }
        defer { if source != descriptor, !isClosed { _ = Glibc.close(source) } }
        // Parameters that break off between two of them are no error to `FCGX_Accept_r`.
        guard isAccepted, unsafe FCGX_GetError(request.pointee.in) == 0 else {
            return perform(lifecycle.receiveFailed())
        }
        // Looked up once: the reference is counted each time.
        let server = server
        id = server.nextRequest(on: id.slot)
        places = unsafe server.parameterNames.find(in: request.pointee.envp)
        let body = server.body
        unsafe body.read(from: request.pointee.in, announced: contentLength, omitted: omitted)
        // Behind a body that broke off there is nothing that could be read.
        let isKept = unsafe request.pointee.keepConnection != 0 && FCGX_GetError(request.pointee.in) == 0
        // Whether the connection stays is decided here, so libfcgi must not close it.
        unsafe request.pointee.keepConnection = 1
        // All is read, and libfcgi does not write: only the parameters are still needed.
        unsafe FCGX_FreeStream(&request.pointee.in)
        unsafe FCGX_FreeStream(&request.pointee.out)
        unsafe FCGX_FreeStream(&request.pointee.err)
        lifecycle.receivedRequest(isKept: isKept)
        // The next request may be there already.
        watch(anew: source != descriptor)
        server.handler?.handle(self, body: body.content)
    }
}

/// Milliseconds in the clock's unit.
func nanoseconds(_ milliseconds: Int) -> UInt64 {
    UInt64(milliseconds) * 1_000_000
}
