internal import Base

/// A statement that is prepared once per session: its SQL and the types of its parameters.
public struct Statement: Sendable {
    /// A parameter's or column's type, as far as this service uses them.
    public enum ValueType: UInt32, Sendable {
        case boolean = 16
        case bigint = 20
        case text = 25
    }

    /// Its name in a session: a hash of the SQL, so that two versions of the service behind one pooler never
    /// run each other's statements.
    public let name: String
    /// Its text; parameters are `$1` to `$n`.
    public let sql: String
    /// The types of `$1` to `$n`.
    public let parameters: [ValueType]

    /// Makes a statement and its name.
    public init(_ sql: String, parameters: [ValueType]) {
        self.sql = sql
        self.parameters = parameters
        name = "todo_" + Self.fingerprint(of: sql)
    }

    /// Sixteen hexadecimal digits that are the same for a text in every process and version.
    public static func fingerprint(of text: String) -> String {
        var hash = FNV1a()
        hash.combine(text)
        return String(hash.value, minimumDigits: 16, radix: 16)
    }
}
