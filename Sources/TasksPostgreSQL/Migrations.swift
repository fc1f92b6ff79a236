/// The steps of the schema.
enum Migrations {
    /// All steps that this program knows, in order: versions count from 1 without gaps.
    static let all: [Migration] = [tasksAndOwners, listsInOrderOfAnIndex]

    private static let tasksAndOwners = Migration(
        version: 1, name: "tasks and their owners",
        .transaction(
            """
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
            """))

    private static let listsInOrderOfAnIndex = Migration(
        version: 2, name: "lists in the order of an index, lengths in types",
        .transaction(
            """
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
            """))
}
