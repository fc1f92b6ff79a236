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

    /// What a condition means for the one who sent the statement, in a session that goes on.
    ///
    /// Whether the session goes on is not the condition's to say but the severity's: see `PostgreSQLError.endsSession`.
    public enum Family: Equatable, Sendable {
        /// Another transaction was in the way; the same again may succeed (40001, 40P01).
        case conflict
        /// It was not done, and may be later: it took too long, the server lacks something, or a node that it needs is
        /// away (57014, 55P03, 53, 08).
        case notNow
        /// The server takes no writes, for now or any more (25006).
        case readOnly
        /// The session does not know the statement, or its plan does not fit any more (26000, 0A000).
        case unknownStatement
        /// A statement of this name is there already (42P05).
        case duplicateStatement
        /// Anything else: the statement itself is at fault.
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

    /// Whether a pooler may have said it in the server's place (class 08, connection exceptions).
    var isOfConnection: Bool { code.hasPrefix("08") }
}
