/// What PostgreSQL, or libpq in its place, answered instead of a result.
public struct PostgreSQLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// How far an error reaches (the manual's table 19.2), in the words of the protocol's field `V`.
    public enum Severity: String, Sendable {
        /// The statement has failed, and with it its transaction.
        case error = "ERROR"
        /// The session is over.
        case fatal = "FATAL"
        /// All sessions are over; what was being committed may be durable.
        case panic = "PANIC"
    }

    /// The condition; nil when libpq reports it, which mostly means that the connection is broken.
    public let sqlState: SQLState?
    /// How far it reaches; nil when libpq reports it.
    public let severity: Severity?
    /// The primary message, in one line.
    ///
    /// It names columns and constraints, not values.
    public let message: String

    /// Joins a condition, its severity and its message.
    public init(sqlState: SQLState?, severity: Severity? = nil, message: String) {
        self.sqlState = sqlState
        self.severity = severity
        self.message = message
    }

    /// What it means for the statement.
    public var family: SQLState.Family { sqlState?.family ?? .notNow }

    /// Whether the session cannot be used any more: an error of a cluster's node has the same condition as the loss of
    /// a connection, and leaves the session as it is.
    public var endsSession: Bool { sqlState == nil || severity == .fatal || severity == .panic }

    /// The message, with the condition where there is one.
    public var description: String {
        if let sqlState { "\(message) (SQLSTATE \(sqlState))" } else { message }
    }
}
