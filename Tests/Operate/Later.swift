/// A later program's migrations, for the test of an upgrade: deploy/test-systemd builds that program, with the original
/// `all` renamed to `published`.
extension Migrations {
    static let all =
        published + [
            Migration(
                version: known + 1, name: "priorities", usableFrom: known,
                .transaction("alter table todo.tasks add column priority smallint")),
            Migration(
                version: known + 2, name: "texts of no type of their own", usableFrom: known,
                .transaction("alter table todo.tasks alter column title type text, alter column description type text")
            ),
            Migration(
                version: known + 3, name: "tasks by priority", usableFrom: known,
                .index(name: "tasks_by_priority", on: "todo.tasks (owner_user_id, priority) where deleted_at is null")),
            Migration(
                version: known + 4, name: "without types of texts", usableFrom: known + 2, isContract: true,
                .transaction("drop domain todo.title, todo.description")),
        ]

    private static let known = published.count
}
