public import PostgreSQL

/// Brings a database's schema up to what this program needs.
public struct Migrator: ~Copyable {
    /// A step of the schema and whether it is in place.
    public struct Step: Sendable, Equatable {
        /// Counts from 1.
        public let version: Int
        /// What it brings.
        public let name: String
        /// When it was applied, as the database writes it; nil when it was not.
        public let appliedAt: String?
    }

    private let connection: Connection

    /// Uses a connection of the role that owns the schema, or is to own it.
    public init(takingOwnershipOf connection: consuming Connection) {
        self.connection = connection
    }

    /// All steps that this program knows.
    ///
    /// Throws a `PostgreSQLError` when the database holds steps that it does not know.
    public borrowing func steps() throws(PostgreSQLError) -> [Step] {
        let exists = try connection.execute("select to_regclass('todo.migrations') is not null")
        guard exists.text(row: 0, column: 0) == "t" else {
            return Migrations.all.map { Step(version: $0.version, name: $0.name, appliedAt: nil) }
        }
        let applied = try connection.execute(
            "select version, checksum, applied_at::text from todo.migrations order by version")
        if let conflict = Migrations.conflict(with: applied) {
            throw PostgreSQLError(sqlState: nil, message: "the schema cannot be used: \(conflict)")
        }
        return Migrations.all.enumerated().map { row, migration in
            let appliedAt = row < applied.count ? applied.text(row: row, column: 2) : nil
            return Step(version: migration.version, name: migration.name, appliedAt: appliedAt)
        }
    }

    /// Applies what is missing, each step in a transaction of its own; two at once wait for each other.
    ///
    /// - Returns: the steps that were applied.
    public borrowing func apply() throws(PostgreSQLError) -> [Step] {
        // Any number will do that nobody else uses: "todo" in ASCII.
        try connection.execute("select pg_advisory_lock(1953457263)")
        defer { _ = try? connection.execute("select pg_advisory_unlock(1953457263)") }
        // Not `if not exists`, which asks for the right to create schemas even where this one was made for us before.
        let exists = try connection.execute("select to_regnamespace('todo') is not null")
        if exists.text(row: 0, column: 0) != "t" { try connection.execute("create schema todo") }
        try connection.execute(
            """
            create table if not exists todo.migrations (
                version integer primary key, name text not null, checksum text not null,
                applied_at timestamptz not null default now())
            """)
        let missing = try steps().filter { $0.appliedAt == nil }
        for step in missing {
            let migration = Migrations.all[step.version - 1]
            try connection.execute("begin")
            do throws(PostgreSQLError) {
                try connection.execute(migration.sql)
                try connection.execute(
                    "insert into todo.migrations (version, name, checksum) values ($1, $2, $3)",
                    ["\(migration.version)", migration.name, migration.checksum])
                try connection.execute("commit")
            } catch {
                _ = try? connection.execute("rollback")
                throw error
            }
        }
        return missing
    }

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
    ]
}
