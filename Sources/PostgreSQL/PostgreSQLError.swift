/// What PostgreSQL, or libpq in its place, answered instead of a result.
public struct PostgreSQLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The condition; nil when libpq reports it, which mostly means that the connection is broken.
    public let sqlState: SQLState?
    /// The primary message, in one line.
    ///
    /// It names columns and constraints, not values.
    public let message: String

    /// Joins a condition and its message.
    public init(sqlState: SQLState?, message: String) {
        self.sqlState = sqlState
        self.message = message
    }

    /// What it means; without a condition, that the connection is broken.
    public var family: SQLState.Family { sqlState?.family ?? .connection }

    /// The message, with the condition where there is one.
    public var description: String {
        if let sqlState { "\(message) (SQLSTATE \(sqlState))" } else { message }
    }
}
