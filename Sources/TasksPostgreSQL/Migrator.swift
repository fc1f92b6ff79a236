public import PostgreSQL

/// Migrates a database's schema to the version that this program needs.
public struct Migrator: ~Copyable {
    /// A step of the schema and whether it was applied.
    public struct Step: Sendable, Equatable {
        /// Counts from 1.
        public let version: Int
        /// Its name.
        public let name: String
        /// Whether it removes what older programs use; this program also serves without it.
        public let isContract: Bool
        /// When it was applied, as the database formats it; nil when it was not.
        public let appliedAt: String?
        /// Whether the program cannot serve until it is applied.
        public var isMissing: Bool { appliedAt == nil && !isContract }
    }

    let connection: Connection
    let retries: RetryPolicy
    private let known: [Migration]

    /// Uses a connection of the role that owns the schema, or will own it.
    public init(takingOwnershipOf connection: consuming Connection) {
        self.init(takingOwnershipOf: connection, knowing: Migrations.all)
    }

    init(
        takingOwnershipOf connection: consuming Connection, knowing: [Migration], retries: RetryPolicy = RetryPolicy()
    ) {
        self.connection = connection
        self.retries = retries
        known = knowing
    }

    /// All steps that this program knows, and those of newer programs that were applied.
    ///
    /// Throws a `PostgreSQLError` when this program cannot use the database.
    public borrowing func steps() throws(PostgreSQLError) -> [Step] {
        var applied: [AppliedMigration] = []
        var times: [Int: String] = [:]
        let exists = try connection.execute("select to_regclass('todo.migrations') is not null")
        if exists.text(row: 0, column: 0) == "t" {
            let result = try connection.execute(
                "select \(AppliedMigration.columns), m.applied_at::text from todo.migrations m order by m.version")
            applied = AppliedMigration.list(result)
            for (row, step) in applied.enumerated() { times[step.version] = result.text(row: row, column: 4) }
        }
        if let conflict = Migrations.conflict(between: applied, and: known) {
            throw PostgreSQLError(sqlState: nil, message: "the schema cannot be used: \(conflict)")
        }
        let newer = applied.filter { $0.version > known.count }
        return known.map { step in
            Step(
                version: step.version, name: step.name, isContract: step.isContract, appliedAt: times[step.version])
        }
            + newer.map { step in
                Step(version: step.version, name: step.name, isContract: false, appliedAt: times[step.version])
            }
    }

    /// Applies the missing steps, each by itself; of several migrations at once, one runs and the others wait.
    ///
    /// Contract steps are skipped, unless the database is new.
    ///
    /// - Parameters:
    ///   - contracting: whether contract steps are applied as well.
    ///   - tell: called with a line for each step that was applied, and for each wait.
    /// - Returns: the steps that were applied.
    public borrowing func apply(
        contracting: Bool = false, _ tell: (String) -> Void = { _ in }
    ) throws(PostgreSQLError) -> [Step] {
        try connection.refuseAfterInterruptedRestore()
        try connection.execute("set statement_timeout = 0")
        try lock(tell)
        defer { _ = try? connection.execute("select pg_advisory_unlock(\(Self.lockNumber))") }
        try prepare(tell)
        let steps = try steps()
        let isNew = steps.allSatisfy { $0.appliedAt == nil }
        let due = steps.filter { $0.appliedAt == nil && (isNew || contracting || !$0.isContract) }
        for step in due {
            let migration = known[step.version - 1]
            switch migration.work {
            case .transaction(let sql):
                try transaction("step \(migration.version) (\(migration.name))", tell) { () throws(PostgreSQLError) in
                    try connection.execute(sql)
                    try record(migration)
                }
            case .index(let name, let table):
                try build(index: name, on: table, tell)
                try record(migration)
            }
            tell("applied \(step.version): \(step.name)")
        }
        return due
    }

    /// Creates the schema and the table that records the steps.
    private borrowing func prepare(_ tell: (String) -> Void) throws(PostgreSQLError) {
        // Not `if not exists`, which requires the right to create schemas even where the schema exists.
        let schema = try connection.execute("select to_regnamespace('todo') is not null")
        if schema.text(row: 0, column: 0) != "t" { try connection.execute("create schema todo") }
        try connection.execute(
            """
            create table if not exists todo.migrations (
                version integer primary key, name text not null, checksum text not null,
                applied_at timestamptz not null default now())
            """)
        // Checked first: `add column if not exists` locks the table even when the column exists.
        let column = try connection.execute(
            """
            select exists (select from pg_attribute
                where attrelid = 'todo.migrations'::regclass and attname = 'usable_from' and not attisdropped)
            """)
        guard column.text(row: 0, column: 0) != "t" else { return }
        try transaction("the list of steps", tell) { () throws(PostgreSQLError) in
            try connection.execute("alter table todo.migrations add column if not exists usable_from integer")
        }
    }

    private borrowing func record(_ migration: Migration) throws(PostgreSQLError) {
        try connection.execute(
            "insert into todo.migrations (version, name, checksum, usable_from) values ($1, $2, $3, $4)",
            ["\(migration.version)", migration.name, migration.checksum, "\(migration.usableFrom)"])
    }
}
