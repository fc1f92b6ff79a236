public import PostgreSQL

extension Migrator {
    /// Grants a role only the rights that workers need, and bounds its statements.
    ///
    /// - Returns: the statements that need a more powerful role, for an operator to run; empty when there are none.
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

    /// Settings of the runtime role, which bound every statement of a worker.
    ///
    /// A value that the operator has set is kept.
    public static let roleSettings = [
        ("statement_timeout", "8s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "10s"),
        // The statements are simple and prepared; a custom plan for each value costs more than it can save.
        ("plan_cache_mode", "force_generic_plan"),
        // Random reads are cheap on today's storage; with the default, a list is sorted instead of read from its index.
        ("random_page_cost", "1.1"),
        // With details, the server's log quotes the whole row of a failed statement, which is a user's text.
        ("log_error_verbosity", "terse"),
        // With `off`, row-level security that hides rows raises an error; with the default, rows are silently missing.
        ("row_security", "off"),
    ]
}
