internal import PostgreSQL

/// The checks of each new session before it is used.
enum SessionChecks {
    /// Whether it is read-only: its server is a standby, or read-only by its configuration.
    static let isReadOnly = Statement("select current_setting('transaction_read_only')::boolean", parameters: [])

    static let all = [Migrations.check, isReadOnly]

    /// Why a session is not used, by its schema's check; nil when it may be.
    static func refusal(bySchema applied: QueryResult) -> PostgreSQLError? {
        Migrations.reasonToRefuse(applied).map { reason in
            PostgreSQLError(sqlState: SQLState("TODO0"), message: "the schema cannot be used: \(reason)")
        }
    }

    /// Why a read-only session is not used for writes.
    static let readOnlyRefusal = PostgreSQLError(
        sqlState: SQLState("25006"), message: "the database is read-only")
}
