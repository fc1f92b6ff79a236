import EventLoop
import FastCGI
import JWT
import Logging
import PoolMetrics
import TaskAPI
import Tasks

/// The cause of a 5xx, for the operator's log.
enum FailureCause: CustomStringConvertible {
    /// A failure of the store, with the database's message.
    case store(TaskFailure, message: String?)
    /// A failure of the store in the middle of a long list.
    case aborted(TaskFailure, message: String?)
    /// A refusal of a valid request.
    case admission(Admission)

    var description: String {
        switch self {
        case .store(.unavailable, let message):
            message ?? "no usable connection to the database, or too many conflicts"
        case .store(.overloaded, _): "too many heavy reads of this owner, or of all owners, wait for a connection"
        case .store(.readOnly, _): "the database is read-only"
        case .store(.outcomeUnknown, _): "no answer from the database to a write that was sent"
        case .store(.timedOut, _): "no answer from the database in time"
        case .store(.refused(let state), let message):
            message ?? "the database refused the statement (SQLSTATE \(state))"
        case .aborted(_, let message): "the list was aborted: \(message ?? "the connection to the database was lost")"
        case .admission(.inFlight): "TODO_MAX_IN_FLIGHT requests are in flight"
        case .admission(.queueTime): "the request waited longer than TODO_REQUEST_TIMEOUT before a worker read it"
        case .admission(.noKeys): "no keys of the issuer were read yet"
        case .admission(.unknownKey): "the token's key is not known, and the issuer may not be asked again yet"
        case .admission(.verifications): "\(VerificationQueue.capacity) requests wait for their tokens to be verified"
        }
    }
}

/// One limit per kind of line, so that a flood of one kind suppresses no line of another.
struct LogLimits {
    var defects = LogLimit(burst: 10)
    var failures = LogLimit(burst: 10)
    var slow = LogLimit(burst: 10)
    var tokens = LogLimit(burst: 5)
}

extension Worker {
    /// Logs a request that failed or was slow, with the time of each phase.
    func log(_ answered: Answered, _ phases: Phases, _ cause: FailureCause?, _ id: RequestID) {
        let status = answered.status.rawValue
        // A 503 of `/ready` is a correct answer, not a failure.
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

    /// Logs why a token was refused, which the client is not told; expired tokens at level `debug` only.
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
