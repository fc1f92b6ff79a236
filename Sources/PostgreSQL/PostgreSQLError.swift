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
    /// What it ends; nil when libpq reports it.
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

extension PostgreSQLError {
    /// Reads what libpq says of a connection that could not be made, with or without a condition in it.
    ///
    /// The server's words look so: `connection to server at "db", port 5432 failed: FATAL:  53300: sorry, too many …`.
    init(openingMessage: String) {
        // What is about a parameter quotes its value.
        let cause = openingMessage.ranges(of: " failed: ").first.map { openingMessage[$0.upperBound...] }
        let isAboutParameters =
            !openingMessage.hasPrefix("connection to server ") || cause?.hasPrefix("invalid ") == true
        let line = (isAboutParameters ? String(cause ?? openingMessage[...]).withoutQuotations : openingMessage)
            .firstLine
        for mark in line.ranges(of: ":  ") {
            let rest = line[mark.upperBound...]
            let code = rest.prefix(5)
            guard rest.dropFirst(5).hasPrefix(": "), code.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
            else { continue }
            self.init(
                sqlState: SQLState(String(code)), severity: .fatal,
                message: String(line[..<mark.upperBound] + rest.dropFirst(7)))
            return
        }
        self.init(sqlState: nil, message: line)
    }
}
