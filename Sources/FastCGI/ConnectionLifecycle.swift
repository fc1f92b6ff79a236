/// The life of a kept connection as a value: it is told what happened and says what to do.
///
///     idle ── readable ──> read ──> running ── answered ──> idle, or close
///       │                             │ └──── answered, and more is there ──> answered ── turn ends ──> read
///       └── hung up ──> close         └── hung up ──> close; the answer will find nobody
struct ConnectionLifecycle {
    enum State {
        /// Waits for the next request.
        case idle
        /// A request is being read or has no answer yet.
        case running
        /// The answer is written and the next request is there, to be read when the turn ends.
        case answered
        /// Gone; nothing may touch the descriptor any more.
        case closed
    }

    enum Action: Equatable {
        case read
        case readLater
        case close
        case wait
    }

    private(set) var state = State.idle
    /// Something arrived while a request was running.
    ///
    /// Readiness is told once a change, so it has to be remembered.
    private var hasMore = false

    /// The descriptor became ready.
    mutating func becameReady(hungUp: Bool) -> Action {
        guard state != .closed else { return .wait }
        guard !hungUp else {
            state = .closed
            return .close
        }
        switch state {
        case .idle:
            state = .running
            return .read
        case .running:
            hasMore = true
        case .answered, .closed:
            // It is read in any case. To remember it would read once more than there is something to read, and wait.
            break
        }
        return .wait
    }

    /// No request could be read: the peer closed, was silent for too long, or does not speak FastCGI.
    mutating func readFailed() -> Action {
        guard state != .closed else { return .wait }
        state = .closed
        return .close
    }

    /// The running request's answer was written, or could not be.
    ///
    /// - Parameter isKept: whether the connection can carry another request.
    mutating func answered(isKept: Bool) -> Action {
        guard state == .running else { return .wait }
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
        return .readLater
    }

    /// The turn in which it was answered is ending.
    mutating func turnEnded() -> Action {
        guard state == .answered else { return .wait }
        state = .running
        return .read
    }

    /// The server wants it gone; only a running request is waited for.
    mutating func retire() -> Action {
        guard state == .idle || state == .answered else { return .wait }
        state = .closed
        return .close
    }

    /// The server itself is going.
    mutating func abandon() {
        state = .closed
    }
}
