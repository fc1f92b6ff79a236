internal import PostgreSQL

/// One step of the schema, applied once, in order, and never changed after.
struct Migration: Sendable {
    /// Counts from 1 without gaps.
    let version: Int
    let name: String
    let sql: String

    /// Kept beside the version, so that a step that was changed after it was applied is noticed.
    var checksum: String { Statement.fingerprint(of: sql) }
}

/// The schema, step by step.
enum Migrations {
    static let all = [
        Migration(
            version: 1, name: "tasks and their owners",
            sql: """
                -- One row an owner: counts the ids and the changes, and its lock orders the owner's writes.
                create table todo.owners (
                    owner_user_id text collate "C" primary key check (owner_user_id <> ''),
                    last_task_id bigint not null,
                    change bigint not null,
                    created_at timestamptz not null default now()
                ) with (fillfactor = 50);

                -- No foreign key: the one statement that adds a task has just written its owner's row.
                create table todo.tasks (
                    owner_user_id text collate "C" not null,
                    id bigint not null check (id between 1 and 9007199254740991),
                    title text not null,
                    description text,
                    completed boolean not null,
                    created_at timestamptz not null,
                    updated_at timestamptz not null,
                    change bigint not null,
                    deleted_at timestamptz,
                    primary key (owner_user_id, id),
                    constraint title_length check (char_length(title) between 1 and 200 or deleted_at is not null),
                    constraint description_length check (char_length(description) <= 1000)
                ) with (fillfactor = 80);
                """)
    ]

    /// What every new session runs first, for `reasonToRefuse` to judge.
    static let check = Statement(
        "select version::bigint, checksum from todo.migrations order by version", parameters: [])

    /// Why this program must not use a database with these migrations, or nil.
    static func reasonToRefuse(_ applied: QueryResult) -> String? {
        if let conflict = conflict(with: applied) { return conflict }
        guard applied.count < all.count else { return nil }
        return "it is at version \(applied.count) and has to be at \(all.count): run todo-fcgi migrate"
    }

    /// What in these migrations no migration can mend, or nil.
    static func conflict(with applied: QueryResult) -> String? {
        guard applied.count <= all.count else {
            return "it is at version \(applied.count), newer than this program, which knows \(all.count)"
        }
        for row in 0..<applied.count where applied.text(row: row, column: 1) != all[row].checksum {
            return "migration \(row + 1) is not the one that this program knows"
        }
        return nil
    }
}
