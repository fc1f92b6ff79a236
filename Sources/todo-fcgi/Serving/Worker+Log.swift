import EventLoop
import FastCGI
import JWT
import Logging
import PoolMetrics
import TaskAPI
import Tasks

/// What led to a 5xx, in the operator's words.
enum FailureCause: CustomStringConvertible {
    /// The store's failure, and what the database said of it.
    case store(TaskFailure, said: String?)
    /// The store's failure in the middle of a long list.
    case brokeOff(TaskFailure, said: String?)
    /// The load.
    case admission(Admission)

    var description: String {
        switch self {
        case .store(.unavailable, let said): said ?? "no usable connection to the database, or too many conflicts"
        case .store(.overloaded, _): "too many heavy reads of the owner, or of all, wait for a connection"
        case .store(.readOnly, _): "the database is read-only"
        case .store(.outcomeUnknown, _): "no word from the database on a write that was sent"
        case .store(.timedOut, _): "no answer from the database in time"
        case .store(.refused(let state), let said): said ?? "the database refused the statement (SQLSTATE \(state))"
        case .brokeOff(_, let said): "the list broke off: \(said ?? "the connection to the database was lost")"
        case .admission(.inFlight): "TODO_MAX_IN_FLIGHT requests are in flight"
        case .admission(.queueTime): "it had waited longer than TODO_REQUEST_TIMEOUT before a worker saw it"
        case .admission(.noKeys): "no keys of the issuer are known"
        case .admission(.unknownKey): "the token's key is not known, and the issuer may not be asked again yet"
        case .admission(.verifications): "\(VerificationQueue.capacity) requests wait for their tokens to be verified"
        }
    }
}

/// One limit a kind of line, so that a flood of one hides no line of another.
struct LogLimits {
    var defects = LogLimit(burst: 10)
    var failures = LogLimit(burst: 10)
    var slow = LogLimit(burst: 10)
    var tokens = LogLimit(burst: 5)
}

extension Worker {
    /// A request that failed, or took long, with the time of each phase.
    func log(_ answered: Answered, _ phases: Phases, _ cause: FailureCause?, _ id: RequestID) {
        let status = answered.status.rawValue
        // A worker that is asked whether it is ready, and is not, has not failed.
        guard status < 500 || answered.endpoint != .readiness else { return }
        let limit: WritableKeyPath<LogLimits, LogLimit> =
            status < 500 ? \.slow : answered.status == .internalServerError ? \.defects : \.failures
        let (isAdmitted, suppressed) = logLimits[keyPath: limit].admit(at: loop.now)
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(name.text(of: id))",
            "route": "\(answered.endpoint.map { "\($0)" } ?? "none")",
            "status": .stringConvertible(status),
            "total_ms": .stringConvertible(Milliseconds(phases.total)),
            "queue_ms": .stringConvertible(Milliseconds(phases.queue)),
            "verify_ms": .stringConvertible(Milliseconds(phases.verify)),
            "database_ms": .stringConvertible(Milliseconds(phases.database)),
            "write_ms": .stringConvertible(Milliseconds(phases.write)),
        ]
        if let cause { metadata["cause"] = "\(cause)" }
        if suppressed > 0 { metadata["suppressed"] = .stringConvertible(suppressed) }
        logger.log(
            level: status < 500 ? .warning : .error, status < 500 ? "slow request" : "request failed",
            metadata: metadata)
    }

    /// Tells the operator what the client is not told; a token whose time is over is nothing to tell of.
    func log(_ reason: TokenError, _ id: RequestID) {
        let level: Logger.Level = reason == .expired ? .debug : .info
        guard logger.logLevel <= level else { return }
        let (isAdmitted, suppressed) = logLimits.tokens.admit(at: loop.now)
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = ["request_id": "\(name.text(of: id))", "reason": "\(reason)"]
        if suppressed > 0 { metadata["suppressed"] = .stringConvertible(suppressed) }
        logger.log(level: level, "token refused", metadata: metadata)
    }
}
