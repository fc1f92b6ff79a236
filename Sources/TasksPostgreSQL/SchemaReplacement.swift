public import PostgreSQL

/// Replaces the whole schema, for a restore.
public struct SchemaReplacement: ~Copyable {
    private let connection: Connection

    /// Uses a connection of the role that owns the schema and may create one.
    public init(takingOwnershipOf connection: consuming Connection) {
        self.connection = connection
    }

    /// The sessions in this database that use the tables, described for an operator.
    ///
    /// The operator may change `application_name`, so all sessions of the workers' role count. If that role also owns
    /// the schema, only those whose last statement used the tables count. PostgreSQL shows an owner no more than this
    /// about another role's sessions.
    ///
    /// - Parameter role: the role that workers log in as.
    public borrowing func users(workingAs role: String) throws(PostgreSQLError) -> [String] {
        let sessions = try connection.execute(
            """
            select 'process ' || pid || ' (' || coalesce(nullif(application_name, '') || ' as ', '') || usename || ')'
            from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
                and (starts_with(application_name, 'todo-fcgi[')
                    or usename = $1 and (usename <> session_user or query ~ '\\mtodo\\.(tasks|owners|migrations)\\M'))
            order by pid
            """, [role])
        return (0..<sessions.count).compactMap { sessions.text(row: $0, column: 0) }
    }

    /// The schema that an interrupted restore has renamed and not renamed back; nil when there is none.
    public borrowing func movedAside() throws(PostgreSQLError) -> String? {
        try connection.schemaMovedAside()
    }

    /// Whether the schema exists.
    public borrowing func exists() throws(PostgreSQLError) -> Bool {
        try connection.execute("select to_regnamespace('todo') is not null").text(row: 0, column: 0) == "t"
    }

    /// The statement that renames a schema back after `moveAside`.
    public borrowing func undoStatement(from name: String) throws(PostgreSQLError) -> String {
        "alter schema \(try connection.quoted(identifier: name)) rename to todo"
    }

    /// Renames the schema to a name made by `asideName`.
    public borrowing func moveAside(to name: String) throws(PostgreSQLError) {
        try connection.execute("alter schema todo rename to \(connection.quoted(identifier: name))")
    }

    /// Renames a schema back after `moveAside`.
    public borrowing func moveBack(from name: String) throws(PostgreSQLError) {
        try connection.execute(undoStatement(from: name))
    }

    /// The name of a schema that was moved aside at a time such as `20250704T020000Z`.
    public static func asideName(at stamp: String) -> String { "todo_before_\(stamp.lowercased())" }
}

extension Connection {
    /// The newest schema that a restore has moved aside, if there is no schema in its place.
    borrowing func schemaMovedAside() throws(PostgreSQLError) -> String? {
        let found = try execute(
            """
            select nspname from pg_namespace
            where to_regnamespace('todo') is null and nspname ~ '^todo_before_[0-9]{8}t[0-9]{6}z$'
            order by nspname desc limit 1
            """)
        return found.count > 0 ? found.text(row: 0, column: 0) : nil
    }

    /// Throws after an interrupted restore, so that no empty schema is created while the tasks are in another.
    borrowing func refuseAfterInterruptedRestore() throws(PostgreSQLError) {
        guard let aside = try schemaMovedAside() else { return }
        let name = try quoted(identifier: aside)
        throw PostgreSQLError(
            sqlState: nil,
            message: """
                there is no schema todo, and \(aside) is there, as an interrupted restore leaves it: restore again, \
                or run alter schema \(name) rename to todo
                """)
    }
}
