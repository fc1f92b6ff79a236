internal import EventLoop

/// The state machine of a kept connection: a value that takes events and returns actions.
///
///     idle ── readable ──> receive ──> running ── answered ──> idle, or close
///       │     a part of it    │ ▲         │ │ └──── the socket is full ──> finishing ── all is sent ──> idle, or close
///       │                     ▼ │         │ └── answered, more arrived ──> answered ── turn ends ──> receive
///       │                 receiving       └── the peer closes ──> abandon
///       └── hung up ──> close
struct ConnectionLifecycle {
    enum State {
        /// No request; waits for the next.
        case idle
        /// A part of a request has arrived.
        case receiving
        /// A part of a large request has arrived; it waits until other large requests are complete.
        case queued
        /// The handler has a request; parts of its answer may be sent.
        case running
        /// Sending failed during a call of the handler; it is reported at the end of the turn.
        case broken
        /// The answer is complete; the socket has not taken all of it.
        case finishing
        /// The answer is sent and more has arrived, to be received when the turn ends.
        case answered
        /// Closed; the descriptor must not be used.
        case closed
    }

    enum Action: Equatable {
        /// Receives what has arrived.
        case receive
        /// Stops receiving and runs the incomplete request, or closes.
        case stopReceiving
        /// Sends more of the answer.
        case write
        /// Calls `turnEnded` when the turn ends.
        case postpone
        case close
        /// Closes the connection and calls `requestAbandoned`.
        case abandon
        case wait
    }

    private(set) var state = State.idle
    /// Something arrived while a request was running.
    ///
    /// Readiness is edge-triggered, so it has to be remembered.
    private var hasMore = false
    /// The connection can carry another request after this one.
    private var isKept = false

    /// A request is with the handler and not completely answered.
    var hasRequest: Bool { state == .running || state == .broken }

    /// What the descriptor is watched for.
    ///
    /// Requests that arrive whole and answers that fit need no change of it. Edge-triggered, except where a turn does a
    /// bounded part of the work.
    func interest(hasUnsent: Bool) -> Readiness {
        switch state {
        case .receiving: .readable
        case .queued: []
        default: hasUnsent ? .writable : [.readable, .edge]
        }
    }

    /// The descriptor became ready.
    mutating func becameReady(_ readiness: Readiness) -> Action {
        guard readiness.isDisjoint(with: [.hungUp, .failed]) else { return peerLeft() }
        switch state {
        case .idle, .receiving:
            return .receive
        case .running:
            if readiness.contains(.readable) { hasMore = true }
            return readiness.contains(.writable) ? .write : .wait
        case .finishing:
            return .write
        case .queued, .broken, .answered, .closed:
            // The received bytes are read later in any case.
            return .wait
        }
    }

    private mutating func peerLeft() -> Action {
        defer { state = .closed }
        switch state {
        case .closed: return .wait
        case .running, .broken: return .abandon
        default: return .close
        }
    }

    // MARK: Receiving

    /// No part of a request has arrived; any bytes were management records.
    mutating func receivedNothing() {
        if state != .closed { state = .idle }
    }

    /// A part of a request has arrived; the next turns receive more.
    mutating func receivedPart() {
        if state != .closed { state = .receiving }
    }

    /// The request is large, and too many other large requests are being received.
    mutating func queue() {
        if state == .receiving { state = .queued }
    }

    /// The queued request may continue.
    mutating func leaveQueue() {
        if state == .queued { state = .receiving }
    }

    /// A request has arrived.
    ///
    /// - Parameter isKept: whether the connection can carry another.
    mutating func receivedRequest(isKept: Bool) {
        guard state != .closed else { return }
        self.isKept = isKept
        state = .running
    }

    /// No request can arrive: the peer closed, or does not speak FastCGI.
    mutating func receiveFailed() -> Action {
        guard state != .closed else { return .wait }
        state = .closed
        return .close
    }

    // MARK: Answering

    /// The running request's answer is complete.
    ///
    /// - Parameter isSent: whether the socket has taken all of it.
    mutating func answered(isSent: Bool) -> Action {
        switch state {
        case .running where isSent: return ended()
        case .running:
            state = .finishing
            return .wait
        case .broken:
            state = .closed
            return .close
        default: return .wait
        }
    }

    /// The socket has taken all unsent bytes.
    mutating func sent() -> Action {
        state == .finishing ? ended() : .wait
    }

    /// Sending failed.
    mutating func sendFailed() -> Action {
        switch state {
        case .running:
            state = .broken
            return .postpone
        case .finishing:
            state = .closed
            return .close
        default: return .wait
        }
    }

    /// The running request's answer cannot be completed.
    mutating func brokeOff() -> Action {
        guard hasRequest else { return .wait }
        state = .closed
        return .close
    }

    private mutating func ended() -> Action {
        guard isKept else {
            state = .closed
            return .close
        }
        guard hasMore else {
            state = .idle
            return .wait
        }
        hasMore = false
        state = .answered
        return .postpone
    }

    // MARK: Time

    /// The peer's deadline has passed.
    mutating func timedOut() -> Action {
        switch state {
        case .receiving: return .stopReceiving
        case .running, .broken, .finishing: return peerLeft()
        case .idle, .queued, .answered, .closed: return .wait
        }
    }

    /// The turn in which it was postponed is ending.
    mutating func turnEnded() -> Action {
        switch state {
        case .answered:
            state = .idle
            return .receive
        case .broken: return peerLeft()
        default: return .wait
        }
    }

    // MARK: Ends from this side

    /// The server closes its connections; a running request and its answer are completed first.
    mutating func retire() -> Action {
        switch state {
        case .idle, .receiving, .queued, .answered:
            state = .closed
            return .close
        case .running, .broken, .finishing, .closed:
            return .wait
        }
    }

    /// The server is being freed.
    mutating func abandon() {
        state = .closed
    }
}
