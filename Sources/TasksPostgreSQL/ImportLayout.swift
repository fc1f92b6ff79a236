/// The columns of a foreign table that make a task.
struct ImportLayout {
    /// Each property and the column that it is read from.
    let columns: [(String, String)]
    private let expressions: [String: String]
    private let limitTitle: String
    private let limitDescription: String

    /// Finds the columns by the names that the family of applications uses.
    ///
    /// - Parameter types: each column's type by its name; `quoted` has the names as SQL takes them.
    init(_ types: [String: String], quoted: [String: String], cut: Bool) throws(ImportError) {
        var columns: [(String, String)] = []
        func find(_ property: String, _ names: [String]) -> (name: String, type: String)? {
            for name in names {
                guard let type = types[name], let inSQL = quoted[name] else { continue }
                columns.append((property, "\(inSQL) (\(type))"))
                return (inSQL, type)
            }
            return nil
        }
        guard let id = find("id", ["id", "task_id"]) else { throw ImportError(description: "it has no column id") }
        guard let owner = find("owner", ["user_id", "owner_user_id", "owner_id", "userId", "ownerId"]) else {
            throw ImportError(description: "it has no column user_id")
        }
        guard let title = find("title", ["title", "name"]) else {
            throw ImportError(description: "it has no column title")
        }
        let description = find("description", ["description", "details", "notes"])
        let completed = find("completed", ["completed", "is_completed", "isCompleted", "done", "is_done", "status"])
        let created = find("created_at", ["created_at", "createdAt", "created"])
        let updated = find("updated_at", ["updated_at", "updatedAt", "updated"])
        self.columns = columns

        let isNumber = ["smallint", "integer", "bigint"].contains(id.type)
        let createdAt = created.map(Self.moment) ?? "now()"
        expressions = [
            "source_id": "\(id.name)::text",
            "old_id": isNumber ? "\(id.name)::bigint" : "null::bigint",
            "owner": "\(owner.name)::text",
            "title": "\(title.name)::text",
            "description": description.map { "\($0.name)::text" } ?? "null::text",
            "completed": completed.map(Self.truth) ?? "false",
            "created": "coalesce(\(createdAt), now())",
            "updated": "coalesce(\(updated.map(Self.moment) ?? "null"), \(createdAt), now())",
        ]
        limitTitle = cut ? "left(title, 200)" : "title"
        limitDescription = cut ? "left(description, 1000)" : "description"
    }

    /// All rows of the table as tasks, each with the reason why it cannot be one, or NULL.
    func query(_ table: String) -> String {
        let list = expressions.map { "\($0.value) as \($0.key)" }.sorted().joined(separator: ", ")
        return """
            select source_id, old_id, owner, title, description, completed, created, updated,
                case when coalesce(owner, '') = '' then 'it has no owner'
                    when coalesce(title, '') !~ '\\S' then 'its title is blank'
                    when char_length(title) > 200 then 'its title is longer than 200'
                    when char_length(description) > 1000 then 'its description is longer than 1000'
                end as reason
            from (select source_id, old_id, owner, \(limitTitle) as title, \(limitDescription) as description,
                completed, created, updated from (select \(list) from \(table)) as raw) as cut
            """
    }

    /// A time without a zone is read as UTC.
    private static func moment(_ column: (name: String, type: String)) -> String {
        column.type == "timestamp without time zone"
            ? "(\(column.name) at time zone 'UTC')" : "\(column.name)::timestamptz"
    }

    private static func truth(_ column: (name: String, type: String)) -> String {
        switch column.type {
        case "boolean": "coalesce(\(column.name), false)"
        case "smallint", "integer", "bigint": "coalesce(\(column.name) <> 0, false)"
        default: "coalesce(lower(\(column.name)::text) in ('completed', 'complete', 'done', 'true'), false)"
        }
    }
}
