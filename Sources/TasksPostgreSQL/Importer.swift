public import PostgreSQL

/// Why a table cannot be imported.
public struct ImportError: Error, CustomStringConvertible, Sendable {
    /// One sentence for the operator.
    public let description: String
}

/// Imports tasks from the table of an older backend in the same database.
///
/// Imported tasks are recorded in `todo.imported`, so that a second run adds only new ones.
public struct Importer: ~Copyable {
    /// What an import would do.
    public struct Summary: Equatable, Sendable {
        /// Tasks in the table.
        public var rows = 0
        /// Different owners in the table.
        public var owners = 0
        /// Tasks that an earlier run has imported.
        public var alreadyImported = 0
        /// New tasks whose integer id is free.
        public var keepingID = 0
        /// New tasks that get another id.
        public var renumbered = 0
        /// Rows that cannot be tasks here.
        public var unfit = 0
        /// Up to ten of the unfit rows: id and reason.
        public var examples: [String] = []
    }

    /// The table's name as SQL writes it.
    public let table: String
    /// Each property and the column that it is read from, for the operator.
    public let columns: [(String, String)]

    private let connection: Connection
    private let source: String

    private init(takingOwnershipOf connection: consuming Connection, _ table: String, _ layout: ImportLayout) {
        self.table = table
        columns = layout.columns
        source = layout.query(table)
        self.connection = connection
    }

    /// Inspects the table and finds its columns.
    ///
    /// - Parameter connection: of the role that owns the schema; it needs SELECT on the table.
    /// - Parameter cut: whether texts that are too long are cut.
    public static func open(
        takingOwnershipOf connection: consuming Connection, from name: String, cut: Bool
    ) throws -> Importer {
        let found = try connection.execute(
            """
            select to_regclass($1)::text, has_table_privilege(to_regclass($1), 'select'),
                to_regclass('todo.tasks') is not null
            """, [name])
        guard found.text(row: 0, column: 2) == "t" else {
            throw ImportError(description: "the schema is not there yet: run todo-fcgi migrate")
        }
        guard let table = found.text(row: 0, column: 0) else {
            throw ImportError(description: "there is no such table")
        }
        guard found.text(row: 0, column: 1) == "t" else {
            let grant = "grant select on \(table) to \(try connection.quoted(identifier: connection.user))"
            throw ImportError(description: "the role \(connection.user) may not read it: \(grant)")
        }
        let types = try connection.execute(
            """
            select attname, format_type(atttypid, null), quote_ident(attname) from pg_attribute
            where attrelid = $1::regclass and attnum > 0 and not attisdropped
            """, [table])
        var known: [String: String] = [:]
        var quoted: [String: String] = [:]
        for row in 0..<types.count {
            guard let name = types.text(row: row, column: 0) else { continue }
            known[name] = types.text(row: row, column: 1)
            quoted[name] = types.text(row: row, column: 2)
        }
        let layout = try ImportLayout(known, quoted: quoted, cut: cut)
        return Importer(takingOwnershipOf: connection, table, layout)
    }

    /// Counts what a run would do; changes nothing.
    public borrowing func summary() throws(PostgreSQLError) -> Summary {
        let isNoted = try connection.execute("select to_regclass('todo.imported') is not null").text(row: 0, column: 0)
        let noted =
            isNoted == "t"
            ? "exists (select from todo.imported i where i.source = $1 and i.source_id = s.source_id)"
            : "$1::text is null"
        let counts = try connection.execute(
            """
            with judged as (
                select s.*, \(noted) as known,
                    old_id between 1 and 9007199254740991 and not exists (
                        select from todo.tasks t where t.owner_user_id = s.owner and t.id = s.old_id) as keeps
                from (\(source)) s
            )
            select count(*), count(distinct owner), count(*) filter (where known),
                count(*) filter (where not known and reason is null and keeps is true),
                count(*) filter (where not known and reason is null and keeps is not true),
                count(*) filter (where not known and reason is not null)
            from judged
            """, [table])
        func number(_ column: Int) -> Int { counts.text(row: 0, column: column).flatMap { Int($0) } ?? 0 }
        let unfit = try connection.execute(
            "select source_id || ': ' || reason from (\(source)) s where reason is not null and not \(noted) limit 10",
            [table])
        return Summary(
            rows: number(0), owners: number(1), alreadyImported: number(2), keepingID: number(3),
            renumbered: number(4), unfit: number(5),
            examples: (0..<unfit.count).compactMap { unfit.text(row: $0, column: 0) })
    }

    /// Imports new tasks, a few owners per transaction; the next run continues an interrupted one.
    ///
    /// - Parameter progress: called with the number of tasks after each transaction.
    public borrowing func run(_ progress: (Int) -> Void) throws(PostgreSQLError) {
        // Only one import at a time; the lock's number differs from the migrations'.
        try connection.execute("select pg_advisory_lock(1953457264)")
        defer { _ = try? connection.execute("select pg_advisory_unlock(1953457264)") }
        try connection.execute(
            """
            create table if not exists todo.imported (
                source text not null, source_id text not null, owner_user_id text collate "C" not null,
                id bigint not null, imported_at timestamptz not null default now(), primary key (source, source_id))
            """)
        let owners = try connection.execute(
            """
            select owner, count(*) from (\(source)) s where reason is null and not exists (
                select from todo.imported i where i.source = $1 and i.source_id = s.source_id)
            group by owner order by owner collate "C"
            """, [table])
        var batch: [String] = []
        var size = 0
        for row in 0..<owners.count {
            batch.append(owners.text(row: row, column: 0) ?? "")
            size += owners.text(row: row, column: 1).flatMap { Int($0) } ?? 0
            guard size >= 2_000 || batch.count >= 500 || row == owners.count - 1 else { continue }
            progress(try take(over: batch))
            batch = []
            size = 0
        }
    }

    /// One transaction: locks the owners' rows in the same order as workers do.
    private borrowing func take(over owners: [String]) throws(PostgreSQLError) -> Int {
        let list = "{" + owners.map(Self.arrayElement).joined(separator: ",") + "}"
        try connection.execute("begin")
        do throws(PostgreSQLError) {
            try connection.execute(
                """
                insert into todo.owners (owner_user_id, last_task_id, change)
                select owner, 0, 0 from unnest($1::text[]) as owner order by owner collate "C" on conflict do nothing
                """, [list])
            try connection.execute(
                """
                select from todo.owners where owner_user_id = any ($1::text[]) order by owner_user_id for update
                """, [list])
            let count = try connection.execute(Self.insertion(source), [table, list])
            try connection.execute("commit")
            return count.text(row: 0, column: 0).flatMap { Int($0) } ?? 0
        } catch {
            _ = try? connection.execute("rollback")
            throw error
        }
    }

    /// `$1` is the table's name, `$2` the owners.
    ///
    /// Kept ids raise the owner's `last_task_id` first, so that new ids are greater.
    private static func insertion(_ source: String) -> String {
        """
        with fresh as (
            select s.*, old_id between 1 and 9007199254740991 and not exists (
                select from todo.tasks t where t.owner_user_id = s.owner and t.id = s.old_id) is true as keeps
            from (\(source)) s
            where reason is null and owner = any ($2::text[]) and not exists (
                select from todo.imported i where i.source = $1 and i.source_id = s.source_id)
        ), placed as (
            select f.*, o.change + row_number() over everything as change,
                case when keeps then old_id else
                    greatest(o.last_task_id, max(old_id) filter (where keeps) over (partition by owner))
                        + row_number() over (partition by owner, keeps order by created, old_id, source_id)
                end as id
            from fresh f join todo.owners o on o.owner_user_id = f.owner
            window everything as (partition by owner order by created, old_id, source_id)
        ), added as (
            insert into todo.tasks
                (owner_user_id, id, title, description, completed, created_at, updated_at, change)
            select owner, id, title, description, completed, created, updated, change from placed
        ), noted as (
            insert into todo.imported (source, source_id, owner_user_id, id)
            select $1, source_id, owner, id from placed
        ), counted as (
            update todo.owners o set last_task_id = greatest(o.last_task_id, p.last), change = p.change
            from (select owner, max(id) as last, max(change) as change from placed group by owner) p
            where o.owner_user_id = p.owner
        )
        select count(*) from placed
        """
    }

    /// An element of an array as text.
    private static func arrayElement(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
