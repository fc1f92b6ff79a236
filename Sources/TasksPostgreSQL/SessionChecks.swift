internal import PostgreSQL

/// What each new session is asked before it is used.
enum SessionChecks {
    /// Whether it takes no writes: its server is a standby, or read-only by its configuration.
    static let isReadOnly = Statement("select current_setting('transaction_read_only')::boolean", parameters: [])

    static let all = [Migrations.check, isReadOnly]

    /// Why a session with this schema is not used, or nil.
    static func refusal(bySchema applied: QueryResult) -> PostgreSQLError? {
        Migrations.reasonToRefuse(applied).map { reason in
            PostgreSQLError(sqlState: SQLState("TODO0"), message: "the schema cannot be used: \(reason)")
        }
    }

    /// Why a session that takes no writes is not used for writes.
    static let readOnlyRefusal = PostgreSQLError(
        sqlState: SQLState("25006"), message: "the database is read-only")
}
