internal import CFastCGI
internal import Glibc

extension Connection {
    /// The most unsent bytes at which a handler that sends parts should go on.
    public static var lowWaterMark: Int { 64 << 10 }

    /// How many bytes of the answer the socket has not taken yet.
    public var unsentByteCount: Int { unsent.count }

    /// Whether a handler that sends an answer in parts should go on; if not, it waits for `connectionHasRoom`.
    public var hasRoom: Bool { unsent.count <= Self.lowWaterMark }

    /// Sends the whole answer, a CGI response (RFC 3875, section 6), and ends the request.
    ///
    /// Does nothing when no request is running. What the socket does not take at once is copied and sent later. A send
    /// that fails closes the connection without a report: the request has ended.
    ///
    /// - Parameter headers: whole header lines that go before the response's own.
    public func answer(_ response: Span<UInt8>, after headers: Span<UInt8> = Span()) {
        transmit(response, after: headers, isLast: true)
    }

    /// Sends a part of the answer; others follow, and `endAnswer` or `breakOff` at the end.
    ///
    /// Does nothing when no request is running. All parts are taken, but `hasRoom` tells when to pause. When the peer
    /// has left, `requestAbandoned` is called.
    ///
    /// - Parameter headers: whole header lines that go before the part.
    public func send(_ part: Span<UInt8>, after headers: Span<UInt8> = Span()) {
        transmit(part, after: headers, isLast: false)
    }

    /// Ends a request whose answer was sent in parts; does nothing when none is running.
    public func endAnswer() {
        transmit(Span(), after: Span(), isLast: true)
    }

    /// Closes the connection, since the answer cannot be completed: the web server then breaks off its own visibly.
    ///
    /// Does nothing when no request is running. `requestAbandoned` is not called.
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
            // The rest can never be sent.
            unsent = UnsentBytes()
            perform(lifecycle.sendFailed())
        }
        if isLast { endRequest() } else { watch() }
    }

    /// Sends what the socket takes and keeps the rest; false when sending fails.
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

    /// Sends records after those that are still unsent.
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

    /// Sends more of the unsent bytes; the socket is writable.
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
        if lifecycle.state == .running, before > Self.lowWaterMark, hasRoom { server.handler?.connectionHasRoom(self) }
    }

    private func isFull(_ code: Int32) -> Bool {
        code == EAGAIN || code == EINTR || code == ENOBUFS || code == ENOMEM
    }
}
