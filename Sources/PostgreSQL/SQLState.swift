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

    /// What a condition means for the one who sent the statement.
    public enum Family: Equatable, Sendable {
        /// The session is gone or going, there never was one, or its server takes no writes any more: connect again
        /// (08, 57P, 53300, 25006, 25P03).
        case connection
        /// Another transaction was in the way; the same again may succeed (40001, 40P01).
        case conflict
        /// It was not done, and may be later: it took too long, or the server lacks something (57014, 55P03, 53).
        case notNow
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
        case "26000", "0A000": .unknownStatement
        case "42P05": .duplicateStatement
        case "53300", "25006", "25P03": .connection
        case _ where code.hasPrefix("08") || code.hasPrefix("57P"): .connection
        case _ where code.hasPrefix("53"): .notNow
        default: .statement
        }
    }
}
