public import PostgreSQL

extension Migrator {
    /// Gives a role what the workers need and no more, and bounds its statements.
    ///
    /// - Returns: statements that only a more powerful role may run, for a person to run them; empty when all is set.
    public borrowing func grant(to role: String) throws(PostgreSQLError) -> [String] {
        let name = try connection.quoted(identifier: role)
        try connection.execute(
            """
            grant usage on schema todo to \(name);
            grant select on todo.migrations to \(name);
            grant select, insert, update, delete on todo.owners, todo.tasks to \(name)
            """)
        let current = try connection.execute(
            "select coalesce(array_to_string(rolconfig, E'\\n'), '') from pg_roles where rolname = $1", [role])
        let settings = (current.text(row: 0, column: 0) ?? "").split(separator: "\n")
        var refused: [String] = []
        for (setting, value) in Self.roleSettings where !settings.contains(where: { $0.hasPrefix("\(setting)=") }) {
            let statement = "alter role \(name) set \(setting) = '\(value)'"
            if (try? connection.execute(statement)) == nil { refused.append(statement) }
        }
        return refused
    }

    /// Settings of the runtime role: no statement of a worker runs long.
    ///
    /// A value that the operator chose before is kept.
    public static let roleSettings = [
        ("statement_timeout", "8s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "10s"),
        // The statements are simple and prepared; planning them again for each value costs more than it can save.
        ("plan_cache_mode", "force_generic_plan"),
        // Storage has no heads to move any more; with the default, a list is fetched in any order and sorted.
        ("random_page_cost", "1.1"),
        // With details the server's log quotes the whole row of a statement that it refuses: a person's text.
        ("log_error_verbosity", "terse"),
        // Row-level security that somebody switches on is an error then; with the default, rows are missing in silence.
        ("row_security", "off"),
    ]
}
