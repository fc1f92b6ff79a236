public import PostgreSQL

/// The schema as a whole, for putting another in its place.
public struct SchemaPlace: ~Copyable {
    private let connection: Connection

    /// Uses a connection of the role that owns the schema and may create one.
    public init(takingOwnershipOf connection: consuming Connection) {
        self.connection = connection
    }

    /// The sessions in this database that use the tables, each as an operator finds it again.
    ///
    /// The name of a session is the operator's to choose, so the workers' role counts: all sessions that it has. Where
    /// the schema's owner is that role as well, those whose last statement was about the tables. Of another role's
    /// sessions, PostgreSQL shows an owner no more than is used here.
    ///
    /// - Parameter role: the one that workers log in as.
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

    /// The schema that an interrupted restore has moved away and not put back, or nil.
    public borrowing func leftAside() throws(PostgreSQLError) -> String? {
        try connection.schemaLeftAside()
    }

    /// Whether there is a schema.
    public borrowing func isTaken() throws(PostgreSQLError) -> Bool {
        try connection.execute("select to_regnamespace('todo') is not null").text(row: 0, column: 0) == "t"
    }

    /// The statement that gives a schema that was moved away its name back.
    public borrowing func wayBack(from name: String) throws(PostgreSQLError) -> String {
        "alter schema \(try connection.quoted(identifier: name)) rename to todo"
    }

    /// Renames the schema to what `asideName` has given.
    public borrowing func moveAway(to name: String) throws(PostgreSQLError) {
        try connection.execute("alter schema todo rename to \(connection.quoted(identifier: name))")
    }

    /// Gives a schema that was moved away its name back.
    public borrowing func moveBack(from name: String) throws(PostgreSQLError) {
        try connection.execute(wayBack(from: name))
    }

    /// What a schema is called that was moved away at a time, such as `20250704T020000Z`.
    public static func asideName(at stamp: String) -> String { "todo_before_\(stamp.lowercased())" }
}

extension Connection {
    /// The newest schema that a restore has moved away, where there is none in its place.
    borrowing func schemaLeftAside() throws(PostgreSQLError) -> String? {
        let found = try execute(
            """
            select nspname from pg_namespace
            where to_regnamespace('todo') is null and nspname ~ '^todo_before_[0-9]{8}t[0-9]{6}z$'
            order by nspname desc limit 1
            """)
        return found.count > 0 ? found.text(row: 0, column: 0) : nil
    }

    /// Keeps an empty schema from taking the place of one that holds all tasks.
    borrowing func refuseAfterInterruptedRestore() throws(PostgreSQLError) {
        guard let aside = try schemaLeftAside() else { return }
        let name = try quoted(identifier: aside)
        throw PostgreSQLError(
            sqlState: nil,
            message: """
                there is no schema todo, and \(aside) is there, as an interrupted restore leaves it: restore again, \
                or run alter schema \(name) rename to todo
                """)
    }
}
