/// The five characters by which PostgreSQL names a condition (its manual's appendix A).
public struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// Five upper-case letters and digits.
    public let code: String

    /// Takes a code as it is.
    public init(_ code: String) {
        self.code = code
    }

    /// The code.
    public var description: String { code }

    /// What a condition means for the sender of the statement, in a session that continues.
    ///
    /// The severity decides whether the session continues: see `PostgreSQLError.endsSession`.
    public enum Family: Equatable, Sendable {
        /// A conflict with another transaction; a retry may succeed (40001, 40P01).
        case conflict
        /// Not executed, and a later retry may succeed: a timeout, insufficient resources, or an unreachable node
        /// (57014, 55P03, 53, 08).
        case notNow
        /// The server is read-only (25006).
        case readOnly
        /// The session does not know the prepared statement, or its plan is no longer valid (26000, 0A000).
        case unknownStatement
        /// A prepared statement of this name exists already (42P05).
        case duplicateStatement
        /// Any other error, which the statement itself causes.
        case statement
    }

    /// Sorts the code into its family.
    public var family: Family {
        switch code {
        case "40001", "40P01": .conflict
        case "57014", "55P03": .notNow
        case "25006": .readOnly
        case "26000", "0A000": .unknownStatement
        case "42P05": .duplicateStatement
        case _ where code.hasPrefix("08") || code.hasPrefix("53"): .notNow
        default: .statement
        }
    }

    /// Whether a pooler may have sent it instead of the server (class 08, connection exceptions).
    var isOfConnection: Bool { code.hasPrefix("08") }
}
