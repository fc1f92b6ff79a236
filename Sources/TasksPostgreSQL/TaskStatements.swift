internal import PostgreSQL
internal import Tasks

/// All SQL of the request path.
///
/// `$1` is the owner, everywhere; columns stand in the order of `PostgreSQLTaskRows`, each cast to the type that it has
/// there: a statement that is prepared outlives a change of a column's type only when its result's types stay.
///
/// A write first takes its owner's row, which orders that owner's writes, and stamps the task with the owner's next
/// `change`. `clock_timestamp()` is read once that row is held, and goes on within a transaction.
enum TaskStatements {
    private static let columns = """
        id::bigint, title::text, description::text, completed::boolean, created_at::timestamptz, \
        updated_at::timestamptz, change::bigint
        """

    static let read = Statement(
        """
        select \(columns) from todo.tasks where owner_user_id = $1 and id = $2 and deleted_at is null
        """, parameters: [.text, .bigint])

    static let create = Statement(
        """
        with owner as (
            insert into todo.owners as o (owner_user_id, last_task_id, change) values ($1, 1, 1)
            on conflict (owner_user_id) do update set last_task_id = o.last_task_id + 1, change = o.change + 1
            returning last_task_id, change, clock_timestamp() as now
        )
        insert into todo.tasks (owner_user_id, id, title, description, completed, created_at, updated_at, change)
        select $1, last_task_id, $2, $3, $4, now, now, change from owner
        returning \(columns)
        """, parameters: [.text, .text, .text, .boolean])

    /// Takes the owner's row, whether there is such a task or not: to look first would cost every change a fifth more,
    /// and a number that no task bears harms nobody.
    private static let owner = """
        with owner as (
            update todo.owners set change = change + 1 where owner_user_id = $1
            returning change as next_change, clock_timestamp() as now
        )
        """

    /// `$4` says whether `$5` is the description's new value, NULL included.
    static let update = Statement(
        """
        \(owner)
        update todo.tasks
        set title = coalesce($3, title), description = case when $4 then $5 else description end,
            completed = coalesce($6, completed), updated_at = now, change = next_change
        from owner where owner_user_id = $1 and id = $2 and deleted_at is null
        returning \(columns)
        """, parameters: [.text, .bigint, .text, .boolean, .text, .boolean])

    /// Toggles when `$3` is NULL.
    static let complete = Statement(
        """
        \(owner)
        update todo.tasks set completed = coalesce($3, not completed), updated_at = now, change = next_change
        from owner where owner_user_id = $1 and id = $2 and deleted_at is null
        returning \(columns)
        """, parameters: [.text, .bigint, .boolean])

    /// Keeps the row, so that the id is never given again and the deletion has its `change`; its text goes.
    ///
    /// A second DELETE finds no task: 404, as the contract has it. With `$3` it may be the first one once more, whose
    /// answer was lost with its worker; what that one deleted is not missing. nginx waits 30 s for a worker.
    static let delete = Statement(
        """
        \(owner)
        update todo.tasks
        set title = '', description = null, deleted_at = now, updated_at = now, change = next_change
        from owner where owner_user_id = $1 and id = $2
            and (deleted_at is null or $3 and deleted_at > now - interval '1 minute')
        returning \(columns)
        """, parameters: [.text, .bigint, .boolean])

    /// Everything, newest first: what most clients ask for.
    static let listAll = Statement(
        """
        select \(columns) from todo.tasks where owner_user_id = $1 and deleted_at is null
        order by created_at desc, id desc
        """, parameters: [.text])

    /// The longest page that is read beside single tasks; longer lists are heavy reads.
    static let pageLength: Int64 = 100

    /// The beginning of everything: one row more than a page tells that there is more.
    static let firstPage = Statement(
        """
        select \(columns) from todo.tasks where owner_user_id = $1 and deleted_at is null
        order by created_at desc, id desc limit \(pageLength + 1)
        """, parameters: [.text])

    /// Bounds the statements of the transaction to `$1` milliseconds; behind a pooler, too.
    static let setTimeout = Statement("select set_config('statement_timeout', $1, true)", parameters: [.text])

    /// The bound that lets the server say that time is up before the asker's deadline, in nanoseconds of
    /// `Clock.monotonic`.
    static func statementTimeout(from now: UInt64, until deadline: UInt64) -> String {
        let left = deadline > now ? deadline - now : 0
        return String(max(Int64(left / 1_000_000) - 250, 50))
    }

    /// `$2` the state, `$3` the text to look for, `$4` the limit, NULL for any; `$5` the offset.
    private static let matching = """
        select \(columns) from todo.tasks
        where owner_user_id = $1 and deleted_at is null and ($2 is null or completed = $2)
            and ($3 is null or strpos(lower(title collate "und-x-icu"), lower($3 collate "und-x-icu")) > 0
                or strpos(lower(description collate "und-x-icu"), lower($3 collate "und-x-icu")) > 0)
        """
    private static let matchingParameters: [Statement.ValueType] = [.text, .boolean, .text, .bigint, .bigint]

    /// By sort and order.
    static let list = Ordering.table { order in
        Statement("\(matching) order by \(order) limit $4 offset $5", parameters: matchingParameters)
    }

    /// By sort and order, with the number of all that match as the last column.
    ///
    /// There is a row with that number, and NULL as its id, even where the page is empty.
    static let countedList = Ordering.table { order in
        Statement(
            """
            with matching as (\(matching))
            select \(columns), total
            from (select count(*) as total from matching) as everything
                left join (select * from matching order by \(order) limit $4 offset $5) as page on true
            order by \(order)
            """, parameters: matchingParameters)
    }

    static let pages = [read, firstPage] + list.byCreation
    static let heavyReads = [setTimeout, listAll] + list.all + countedList.all
    static let writes = [create, update, complete, delete]
}

/// One statement for each way to order a list.
struct Ordering {
    private let ascending: [TaskQuery.Sort: Statement]
    private let descending: [TaskQuery.Sort: Statement]

    static func table(_ make: (String) -> Statement) -> Ordering {
        func statements(_ direction: String) -> [TaskQuery.Sort: Statement] {
            [
                .createdAt: make("created_at \(direction), id \(direction)"),
                .updatedAt: make("updated_at \(direction), id \(direction)"),
                .title: make("title collate \"und-x-icu\" \(direction), id \(direction)"),
            ]
        }
        return Ordering(ascending: statements("asc"), descending: statements("desc"))
    }

    subscript(query: TaskQuery) -> Statement {
        let statements = query.order == .ascending ? ascending : descending
        guard let statement = statements[query.sort] else { preconditionFailure("every sort has its statement") }
        return statement
    }

    var all: [Statement] { Array(ascending.values) + Array(descending.values) }

    var byCreation: [Statement] { [ascending, descending].compactMap { $0[.createdAt] } }
}
