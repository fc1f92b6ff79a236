public import PostgreSQL

/// What is to be said of a database before workers use it.
public struct Inspection: Sendable {
    /// Why a worker could not serve; empty when it could.
    public let problems: [String]
    /// What works and should be better; nil when nothing is.
    public let note: String?

    /// Looks at the schema and at what the connection's role may do.
    ///
    /// Changes nothing.
    public init(_ connection: borrowing Connection) throws(PostgreSQLError) {
        var problems: [String] = []
        var note: String?
        do throws(PostgreSQLError) {
            let applied = try connection.execute(Migrations.check.sql)
            if let reason = Migrations.reasonToRefuse(applied) { problems.append(reason) }
        } catch  where error.sqlState?.code == "42P01" || error.sqlState?.code == "3F000" {
            problems.append("it is not there: run todo-fcgi migrate")
        } catch  where error.sqlState?.code == "42501" {
            problems.append("the role \(connection.user) may not use it: run todo-fcgi migrate")
        }
        if problems.isEmpty {
            let rights = try connection.execute(
                """
                select rolsuper, has_schema_privilege('todo', 'create'),
                    has_table_privilege('todo.tasks', 'select') and has_table_privilege('todo.tasks', 'insert')
                        and has_table_privilege('todo.tasks', 'update') and has_table_privilege('todo.tasks', 'delete')
                        and has_table_privilege('todo.owners', 'select') and has_table_privilege('todo.owners', 'insert')
                        and has_table_privilege('todo.owners', 'update') and has_table_privilege('todo.owners', 'delete'),
                    exists (select from pg_collation where collname = 'und-x-icu')
                from pg_roles where rolname = current_user
                """)
            func says(_ column: Int) -> Bool { rights.text(row: 0, column: column) == "t" }
            if !says(2) {
                problems.append("the role \(connection.user) lacks rights on its tables: run todo-fcgi migrate")
            }
            if !says(3) { problems.append("the server was built without ICU, which search needs") }
            if says(0) {
                note = "the role \(connection.user) is a superuser; a worker needs far less (see migrate --help)"
            } else if says(1) {
                note = "the role \(connection.user) may change the schema; a worker needs less (see migrate --help)"
            }
        }
        self.problems = problems
        self.note = note
    }
}
