public import PostgreSQL

/// Checks a database before workers use it.
public struct Inspection: Sendable {
    /// Why a worker could not serve; empty when it could.
    public private(set) var problems: [String] = []
    /// What works and should be improved, or has to be done later.
    public private(set) var notes: [String] = []

    /// Inspects the schema and the rights of the connection's role.
    ///
    /// Changes nothing.
    public init(_ connection: borrowing Connection) throws(PostgreSQLError) {
        try inspectRowSecurity(connection)
        guard problems.isEmpty else { return }
        do throws(PostgreSQLError) {
            try inspectMigrations(connection)
        } catch  where error.sqlState?.code == "42P01" || error.sqlState?.code == "3F000" {
            try connection.refuseAfterInterruptedRestore()
            problems.append("it is not there: run todo-fcgi migrate")
        } catch  where error.sqlState?.code == "42501" {
            problems.append("the role \(connection.user) may not use it: run todo-fcgi migrate")
        }
        if problems.isEmpty { try inspectRights(connection) }
        let session = try connection.execute("select current_setting('transaction_read_only')")
        if session.text(row: 0, column: 0) == "on" {
            problems.append("it is read-only: reads are served, and every change is refused with 503")
        }
    }

    private mutating func inspectMigrations(_ connection: borrowing Connection) throws(PostgreSQLError) {
        let result = try connection.execute(Migrations.check.sql)
        if let reason = Migrations.reasonToRefuse(result) { return problems.append(reason) }
        let versions = Set(AppliedMigration.list(result).map(\.version))
        if let newest = versions.max(), newest > Migrations.all.count {
            notes.append("it is at version \(newest), newer than this program, which can use it all the same")
        }
        for step in Migrations.all where step.isContract && !versions.contains(step.version) {
            notes.append(
                "step \(step.version) (\(step.name)) is left out until no older version will run again: "
                    + "todo-fcgi migrate --contract")
        }
    }

    private mutating func inspectRowSecurity(_ connection: borrowing Connection) throws(PostgreSQLError) {
        let tables = try connection.execute(
            """
            select c.oid::regclass, row_security_active(c.oid)
            from pg_class c where relnamespace = to_regnamespace('todo') and relrowsecurity order by relname
            """)
        for row in 0..<tables.count {
            let table = tables.text(row: row, column: 0) ?? ""
            if tables.text(row: row, column: 1) == "t" {
                problems.append(
                    "row-level security is on for \(table) and hides rows from the role \(connection.user): "
                        + "alter table \(table) disable row level security")
            } else {
                notes.append("row-level security is on for \(table); the role \(connection.user) bypasses it")
            }
        }
    }

    private mutating func inspectRights(_ connection: borrowing Connection) throws(PostgreSQLError) {
        let rights = try connection.execute(
            """
            select rolsuper, has_schema_privilege('todo', 'create'),
                has_table_privilege('todo.tasks', 'select') and has_table_privilege('todo.tasks', 'insert')
                    and has_table_privilege('todo.tasks', 'update') and has_table_privilege('todo.tasks', 'delete')
                    and has_table_privilege('todo.owners', 'select') and has_table_privilege('todo.owners', 'insert')
                    and has_table_privilege('todo.owners', 'update') and has_table_privilege('todo.owners', 'delete'),
                exists (select from pg_collation where collname = 'und-x-icu'),
                current_setting('server_encoding'), rolbypassrls, current_setting('row_security')
            from pg_roles where rolname = current_user
            """)
        func text(_ column: Int) -> String { rights.text(row: 0, column: column) ?? "" }
        let isOwner = text(0) == "t" || text(1) == "t"
        if text(2) != "t" {
            problems.append("the role \(connection.user) lacks rights on its tables: run todo-fcgi migrate")
        }
        if text(3) != "t" { problems.append("the server was built without ICU, which search needs") }
        if text(4) != "UTF8" {
            problems.append("the database's encoding is \(text(4)), and texts need UTF8: create another database")
        }
        if text(0) == "t" {
            notes.append("the role \(connection.user) is a superuser; a worker needs far less (see migrate --help)")
        } else if text(1) == "t" {
            notes.append("the role \(connection.user) may change the schema; a worker needs less (see migrate --help)")
        }
        if !isOwner, text(5) != "t", text(6) != "off" {
            let name = try connection.quoted(identifier: connection.user)
            notes.append(
                "the role \(connection.user) has row_security on: a policy on the tables would hide tasks without an error; "
                    + "alter role \(name) set row_security = 'off'")
        }
    }
}
