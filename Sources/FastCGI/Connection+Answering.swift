internal import CFastCGI
internal import Glibc

extension Connection {
    /// Up to so many bytes may wait for the socket before a handler that sends parts should pause.
    public static var lowWater: Int { 64 << 10 }

    /// How many bytes of the answer the socket has not taken yet.
    public var unsentByteCount: Int { unsent.count }

    /// Whether a handler that sends an answer in parts should go on; if not, it waits for `connectionHasRoom`.
    public var hasRoom: Bool { unsent.count <= Self.lowWater }

    /// Sends the whole answer, a CGI response (RFC 3875, section 6), and ends the request.
    ///
    /// Does nothing when no request is running. What the socket does not take at once is copied and sent later. The
    /// peer's failure to take it ends the connection, silently: there is nobody left to tell.
    ///
    /// - Parameter headers: whole header lines that go before the response's own.
    public func answer(_ response: Span<UInt8>, after headers: Span<UInt8> = Span()) {
        transmit(response, after: headers, isLast: true)
    }

    /// Sends a part of the answer; others follow, and `endAnswer` or `breakOff` at the end.
    ///
    /// Does nothing when no request is running. All parts are taken, but `hasRoom` tells when to pause. When the peer
    /// has left, that is told by `requestAbandoned`.
    ///
    /// - Parameter headers: whole header lines that go before the part.
    public func send(_ part: Span<UInt8>, after headers: Span<UInt8> = Span()) {
        transmit(part, after: headers, isLast: false)
    }

    /// Ends a request whose answer was sent in parts; does nothing when none is running.
    public func endAnswer() {
        transmit(Span(), after: Span(), isLast: true)
    }

    /// Closes the connection, since the answer cannot be completed: the web server breaks its own off visibly.
    ///
    /// Does nothing when no request is running. The handler is not told of it.
    public func breakOff() {
        perform(lifecycle.brokeOff())
    }

    private func transmit(_ response: Span<UInt8>, after headers: Span<UInt8>, isLast: Bool) {
        guard lifecycle.hasRequest else { return }
        let hasFailed = unsafe headers.withUnsafeBytes { headers in
            unsafe response.withUnsafeBytes { response in
                unsafe !transmit(headers, response, isLast: isLast)
            }
        }
        if hasFailed {
            // Nothing of it can ever be sent.
            unsent = UnsentBytes()
            perform(lifecycle.sendFailed())
        }
        if isLast { endRequest() } else { watch() }
    }

    /// Sends what the socket takes and keeps the rest; false when it takes nothing any more.
    private func transmit(
        _ headers: UnsafeRawBufferPointer, _ response: UnsafeRawBufferPointer, isLast: Bool
    ) -> Bool {
        guard lifecycle.state == .running else { return true }
        let requestID = UInt16(truncatingIfNeeded: unsafe request.pointee.requestId)
        var (headers, response) = unsafe (headers, response)
        let batch = server.batch
        var isComplete = false
        while !isComplete {
            batch.removeAll()
            while !batch.isFull, headers.count + response.count > 0 {
                unsafe batch.appendOutput(requestID, &headers, &response)
            }
            isComplete = headers.count + response.count == 0
            if isComplete, isLast { batch.appendEnd(requestID) }
            guard send(batch) else { return false }
        }
        return true
    }

    /// Sends records, behind those that wait already.
    private func send(_ batch: RecordBatch) -> Bool {
        guard batch.byteCount > 0 else { return true }
        guard unsent.isEmpty else {
            batch.copy(from: 0, to: &unsent)
            return true
        }
        let sent = batch.send(on: descriptor)
        guard sent >= 0 || isFull(errno) else { return false }
        guard sent < batch.byteCount else { return true }
        batch.copy(from: max(sent, 0), to: &unsent)
        expectPeer(within: server.limits.answerMilliseconds)
        return true
    }

    private func endRequest() {
        unsafe FCGX_Free(request, 0)
        server.requestEnded(on: id.slot)
        perform(lifecycle.answered(isSent: unsent.isEmpty))
    }

    /// Hands the socket more; it has room.
    func write() {
        let before = unsent.count
        let sent = unsent.send(on: descriptor)
        guard sent >= 0 || isFull(errno) else {
            unsent = UnsentBytes()
            return perform(lifecycle.sendFailed())
        }
        guard sent > 0 else { return }
        unsent.removeFirst(sent)
        if unsent.isEmpty {
            peerDeadline.clear()
            perform(lifecycle.sent())
        } else {
            expectPeer(within: server.limits.answerMilliseconds)
        }
        if lifecycle.state == .running, before > Self.lowWater, hasRoom { server.handler?.connectionHasRoom(self) }
    }

    private func isFull(_ code: Int32) -> Bool {
        code == EAGAIN || code == EINTR || code == ENOBUFS || code == ENOMEM
    }
}
