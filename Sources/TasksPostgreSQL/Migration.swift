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
                """),
        Migration(
            version: 2, name: "lists in the order of an index, lengths in types",
            sql: """
                -- A list is read in its usual order, and a page of it no further than its end. A change of a task
                -- touches none of these columns, so it leaves the index alone.
                create index tasks_newest_first on todo.tasks (owner_user_id, created_at desc, id desc)
                    where deleted_at is null;

                -- PostgreSQL reads a table's constraints from their text again for each statement, which took a third
                -- of a write's time; a type's are kept. What else they said is seen to by those who write.
                create domain todo.title as text constraint title_length check (char_length(value) <= 200);
                create domain todo.description as text constraint description_length check (char_length(value) <= 1000);
                alter table todo.tasks
                    drop constraint title_length, drop constraint description_length, drop constraint tasks_id_check,
                    alter column title type todo.title, alter column description type todo.description;
                alter table todo.owners drop constraint owners_owner_user_id_check;
                """),
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
