internal import EventLoop

/// The life of a kept connection as a value: it is told what happened and says what to do.
///
///     idle ── readable ──> receive ──> running ── answered ──> idle, or close
///       │        a part of it │ ▲         │ │ └──── the socket is full ──> finishing ── all is sent ──> idle, or close
///       │                     ▼ │         │ └── answered, and more is there ──> answered ── turn ends ──> receive
///       │                 receiving       └── the peer leaves ──> close and tell the handler
///       └── hung up ──> close
struct ConnectionLifecycle {
    enum State {
        /// Waits for the next request.
        case idle
        /// Has a part of a request.
        case receiving
        /// Has a part of a large request and waits until other large ones are whole.
        case queued
        /// The handler has a request; parts of its answer may be sent.
        case running
        /// The peer left during a call of the handler, which is told at the end of the turn.
        case broken
        /// The answer is complete; the socket has not taken all of it.
        case finishing
        /// The answer is sent and the next request is there, to be received when the turn ends.
        case answered
        /// Gone; nothing may touch the descriptor any more.
        case closed
    }

    enum Action: Equatable {
        /// Looks at what has arrived.
        case receive
        /// Makes do with what has arrived.
        case stopReceiving
        /// Hands the socket more of the answer.
        case write
        /// Comes back when the turn ends.
        case postpone
        case close
        /// Closes it and tells the handler that its request is void.
        case abandon
        case wait
    }

    private(set) var state = State.idle
    /// Something arrived while a request was running.
    ///
    /// Readiness is told once a change, so it has to be remembered.
    private var hasMore = false
    /// The connection can carry another request after this one.
    private var isKept = false

    /// A request is with the handler and not completely answered.
    var hasRequest: Bool { state == .running || state == .broken }

    /// What the descriptor is watched for.
    ///
    /// Requests that arrive whole and answers that fit cost no change of it. Told once a change, except where a turn
    /// does a bounded part of the work.
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
            // What is there is received in any case.
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

    /// Nothing of a request is here; what came, if anything, was for the connection.
    mutating func receivedNothing() {
        if state != .closed { state = .idle }
    }

    /// A part of a request is here, and more is received with the next turns.
    mutating func receivedPart() {
        if state != .closed { state = .receiving }
    }

    /// The part is large, and so are enough others.
    mutating func queue() {
        if state == .receiving { state = .queued }
    }

    /// Others have made room.
    mutating func leaveQueue() {
        if state == .queued { state = .receiving }
    }

    /// A request is here.
    ///
    /// - Parameter isKept: whether the connection can carry another.
    mutating func receivedRequest(isKept: Bool) {
        guard state != .closed else { return }
        self.isKept = isKept
        state = .running
    }

    /// No request can come: the peer closed, or does not speak FastCGI.
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

    /// The socket has taken all there was.
    mutating func sent() -> Action {
        state == .finishing ? ended() : .wait
    }

    /// The peer takes no more.
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

    /// The peer did nothing for too long.
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

    /// The server wants it gone; only a running request and its answer are waited for.
    mutating func retire() -> Action {
        switch state {
        case .idle, .receiving, .queued, .answered:
            state = .closed
            return .close
        case .running, .broken, .finishing, .closed:
            return .wait
        }
    }

    /// The server itself is going.
    mutating func abandon() {
        state = .closed
    }
}
