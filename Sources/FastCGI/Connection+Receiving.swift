internal import CFastCGI
internal import EventLoop
internal import Glibc

extension Connection {
    /// Peeks at the received bytes: libfcgi reads a whole request, a part of one is collected.
    ///
    /// The corresponding C function is `recv`.
    func receive() {
        let buffer = unsafe server.receiveBuffer
        let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, SocketFlags.peek)
        guard count > 0 else {
            guard count < 0, errno == EAGAIN || errno == EINTR else { return stopReceiving() }
            if partial == nil { lifecycle.receivedNothing() }
            return
        }
        let bytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: buffer[..<count]))
        if partial == nil, count < buffer.count, bytes.isOneWholeRequest { return run(readingFrom: descriptor) }
        collect(bytes)
    }

    /// Reads a piece of a request from the socket, and runs the request when it is complete.
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
        // Bytes of the next request stay in the socket.
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
            watch(rearm: true)
        case .open:
            lifecycle.receivedPart()
            expectPeer(within: server.limits.peerMilliseconds, atMostUntil: arrivalDeadline)
            watch()
        }
    }

    /// Sends replies to management records; false when the peer does not take them.
    private func reply(_ records: [UInt8]) -> Bool {
        guard !records.isEmpty else { return true }
        return unsafe Glibc.send(descriptor, records, records.count, SocketFlags.send) == records.count
    }

    /// Continues a large request that was queued.
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

    /// Lets the next queued large request continue.
    func leaveLargeRequests() {
        server.largeRequests.remove(self)?.leaveQueue()
    }

    /// The peer sends no more: a request without all its parameters is dropped, otherwise its body is incomplete.
    func stopReceiving() {
        guard let partial, partial.hasParameters else { return perform(lifecycle.receiveFailed()) }
        run(partial)
    }

    // MARK: Running a request

    private func run(_ partial: PartialRequest) {
        endPartial()
        guard let file = partial.makeFile() else { return perform(lifecycle.receiveFailed()) }
        run(readingFrom: file, omitted: partial.omittedBodyBytes)
    }

    /// Reads a request, of which no more will arrive, and calls the handler.
    ///
    /// The corresponding C function is `FCGX_Accept_r`.
    ///
    /// - Parameter source: the connection's own descriptor, or a file that is closed afterwards.
    /// - Parameter omitted: how many bytes of the body were left out.
    private func run(readingFrom source: Int32, omitted: Int = 0) {
        // With these set, `FCGX_Accept_r` reads from the source and does not close it first …
        unsafe request.pointee.ipcFd = source
        unsafe request.pointee.keepConnection = 1
        // … and with this, its close after an error does not wait two seconds for the peer.
        unsafe request.pointee.detached = 1
        let isAccepted = unsafe FCGX_Accept_r(request) == 0
        let isClosed = unsafe request.pointee.ipcFd < 0
        if source == descriptor, isClosed { descriptor = -1 }
        defer { if source != descriptor, !isClosed { _ = Glibc.close(source) } }
        // `FCGX_Accept_r` does not report parameters that end between two pairs.
        guard isAccepted, unsafe FCGX_GetError(request.pointee.in) == 0 else {
            return perform(lifecycle.receiveFailed())
        }
        // Loaded once: each access is a reference count.
        let server = server
        id = server.nextRequest(on: id.slot)
        parameterIndices = unsafe server.parameterNames.find(in: request.pointee.envp)
        let body = server.body
        unsafe body.read(from: request.pointee.in, announced: contentLength, omitted: omitted)
        // After an incomplete body nothing more can be read.
        let isKept = unsafe request.pointee.keepConnection != 0 && FCGX_GetError(request.pointee.in) == 0
        // `isKept` decides whether the connection stays open, so libfcgi must not close it.
        unsafe request.pointee.keepConnection = 1
        // The input is read and libfcgi does not write: only the parameters are still needed.
        unsafe FCGX_FreeStream(&request.pointee.in)
        unsafe FCGX_FreeStream(&request.pointee.out)
        unsafe FCGX_FreeStream(&request.pointee.err)
        lifecycle.receivedRequest(isKept: isKept)
        // The next request may have arrived already.
        watch(rearm: source != descriptor)
        server.handler?.handle(self, body: body.content)
    }
}

/// Milliseconds in the clock's unit.
func nanoseconds(_ milliseconds: Int) -> UInt64 {
    UInt64(milliseconds) * 1_000_000
}
