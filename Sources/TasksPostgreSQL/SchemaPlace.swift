public import PostgreSQL

/// The schema as a whole, for putting another in its place.
public struct SchemaPlace: ~Copyable {
    private let connection: Connection

    /// Uses a connection of the role that owns the schema and may create one.
    public init(takingOwnershipOf connection: consuming Connection) {
        self.connection = connection
    }

    /// How many sessions of workers there are in this database.
    ///
    /// A worker names itself and its process; other commands of the program are just `todo-fcgi`. The workers' prepared
    /// statements would go on to mean the tables that were moved away.
    public borrowing func workers() throws(PostgreSQLError) -> Int {
        let sessions = try connection.execute(
            """
            select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                and starts_with(application_name, 'todo-fcgi[')
            """)
        return sessions.text(row: 0, column: 0).flatMap { Int($0) } ?? 0
    }

    /// Renames the schema; false when there is none.
    public borrowing func moveAway(to name: String) throws(PostgreSQLError) -> Bool {
        let exists = try connection.execute("select to_regnamespace('todo') is not null")
        guard exists.text(row: 0, column: 0) == "t" else { return false }
        try connection.execute("alter schema todo rename to \(connection.quoted(identifier: name))")
        return true
    }

    /// Gives a schema that was moved away its name back.
    public borrowing func moveBack(from name: String) throws(PostgreSQLError) {
        try connection.execute("alter schema \(connection.quoted(identifier: name)) rename to todo")
    }
}
