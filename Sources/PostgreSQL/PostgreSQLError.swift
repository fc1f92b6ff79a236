/// An error of PostgreSQL or of libpq.
public struct PostgreSQLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An error's severity (the manual's table 19.2), as in the protocol's field `V`.
    public enum Severity: String, Sendable {
        /// The statement has failed, and with it its transaction.
        case error = "ERROR"
        /// The session has ended.
        case fatal = "FATAL"
        /// All sessions have ended; what was being committed may be durable.
        case panic = "PANIC"
    }

    /// The SQLSTATE; nil for an error of libpq, which mostly means that the connection is broken.
    public let sqlState: SQLState?
    /// The severity; nil for an error of libpq.
    public let severity: Severity?
    /// The primary message, in one line.
    ///
    /// It contains names of columns and constraints, but no values.
    public let message: String

    /// Makes an error of its fields.
    public init(sqlState: SQLState?, severity: Severity? = nil, message: String) {
        self.sqlState = sqlState
        self.severity = severity
        self.message = message
    }

    /// What the error means for the statement.
    public var family: SQLState.Family { sqlState?.family ?? .notNow }

    /// Whether the session can no longer be used.
    ///
    /// The severity decides: an error of a cluster's node has the same SQLSTATE as a lost connection, and leaves the
    /// session usable.
    public var endsSession: Bool { sqlState == nil || severity == .fatal || severity == .panic }

    /// The message, with the SQLSTATE where there is one.
    public var description: String {
        if let sqlState { "\(message) (SQLSTATE \(sqlState))" } else { message }
    }
}

extension PostgreSQLError {
    /// Parses libpq's message about a failed connection, with or without an SQLSTATE.
    ///
    /// A server's error looks like `connection to server at "db", port 5432 failed: FATAL:  53300: sorry, too many …`.
    init(openingMessage: String) {
        // A message about a parameter quotes its value.
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
