internal import PostgreSQL

/// A step that was applied to a database.
struct AppliedMigration {
    let version: Int
    let checksum: String
    let name: String
    /// As in `Migration`; the version itself where none is stored.
    let usableFrom: Int

    /// The columns of `todo.migrations m` that `list` reads.
    ///
    /// `usable_from` is read through `jsonb`, since older databases have no such column. All are `text`, which is the
    /// same in both of libpq's formats.
    static let columns = "m.version::text, m.checksum, m.name, to_jsonb(m) ->> 'usable_from'"

    /// The rows of a result that begins with `columns`, ordered by the version.
    static func list(_ result: QueryResult) -> [AppliedMigration] {
        (0..<result.count).map { row in
            let version = result.text(row: row, column: 0).flatMap { Int($0) } ?? 0
            return AppliedMigration(
                version: version, checksum: result.text(row: row, column: 1) ?? "",
                name: result.text(row: row, column: 2) ?? "",
                usableFrom: result.text(row: row, column: 3).flatMap { Int($0) } ?? version)
        }
    }
}

extension Migrations {
    /// The first statement of every new session, for `reasonToRefuse`.
    ///
    /// Row-level security would hide tasks without an error from the roles that it is active for.
    static let check = Statement(
        """
        select \(AppliedMigration.columns),
            (row_security_active('todo.tasks') or row_security_active('todo.owners'))::text
        from todo.migrations m order by m.version
        """, parameters: [])

    /// Why this program must not use the database, by the result of `check`; nil when it may.
    static func reasonToRefuse(_ result: QueryResult, knowing known: [Migration] = all) -> String? {
        let applied = AppliedMigration.list(result)
        if let conflict = conflict(between: applied, and: known) { return conflict }
        let versions = Set(applied.map(\.version))
        if let needed = known.last(where: { !$0.isContract && !versions.contains($0.version) }) {
            return "it is at version \(versions.max() ?? 0) and has to be at \(needed.version): run todo-fcgi migrate"
        }
        guard result.text(row: 0, column: 4) == "true" else { return nil }
        return "row-level security is on for its tables and hides rows from this role: todo-fcgi check says more"
    }

    /// A conflict between the applied and the known migrations that no migration can resolve; nil when there is none.
    static func conflict(between applied: [AppliedMigration], and known: [Migration]) -> String? {
        for step in applied {
            if let own = known.first(where: { $0.version == step.version }) {
                guard step.checksum != own.checksum else { continue }
                return "migration \(step.version) is not the one that this program knows"
            }
            guard step.usableFrom > known.count else { continue }
            return """
                it is at version \(applied.last?.version ?? 0), newer than this program, which knows \(known.count): \
                step \(step.version) (\(step.name)) needs a program that knows \(step.usableFrom). Install such a \
                program, or restore the backup from before that step
                """
        }
        return nil
    }
}
