internal import PostgreSQL
internal import Tasks

/// All SQL of the request path.
///
/// `$1` is always the owner; columns are in the order of `PostgreSQLTaskRows`, each cast to its type there: a prepared
/// statement survives a change of a column's type only when its result types stay the same.
///
/// A write first locks its owner's row, which orders that owner's writes, and sets the task's `change` to the owner's
/// next. `clock_timestamp()` is read once that row is locked, and advances within a transaction.
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

    /// Locks the owner's row even if there is no such task: checking first would cost every change a fifth more, and
    /// skipped numbers are harmless.
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

    /// Keeps the row without its text, so that the id is never reused and the deletion has its `change`.
    ///
    /// A second DELETE finds no task: 404, as the contract has it. With `$3` the request may be nginx's repeat of the
    /// first, whose answer was lost with its worker: it finds a task deleted within the last minute, since nginx waits
    /// 30 s for a worker.
    static let delete = Statement(
        """
        \(owner)
        update todo.tasks
        set title = '', description = null, deleted_at = now, updated_at = now, change = next_change
        from owner where owner_user_id = $1 and id = $2
            and (deleted_at is null or $3 and deleted_at > now - interval '1 minute')
        returning \(columns)
        """, parameters: [.text, .bigint, .boolean])

    /// All tasks, newest first: the list that most clients request.
    static let listAll = Statement(
        """
        select \(columns) from todo.tasks where owner_user_id = $1 and deleted_at is null
        order by created_at desc, id desc
        """, parameters: [.text])

    /// The longest page that shares connections with single tasks; longer lists are heavy reads.
    static let pageLength: Int64 = 100

    /// The first page of `listAll`, and one row more, which shows that the list is longer.
    static let firstPage = Statement(
        """
        select \(columns) from todo.tasks where owner_user_id = $1 and deleted_at is null
        order by created_at desc, id desc limit \(pageLength + 1)
        """, parameters: [.text])

    /// Sets the transaction's `statement_timeout` to `$1` milliseconds; works behind a pooler, too.
    static let setTimeout = Statement("select set_config('statement_timeout', $1, true)", parameters: [.text])

    /// The timeout with which the server ends the statement before the deadline, in nanoseconds of `Clock.monotonic`.
    static func statementTimeout(from now: UInt64, until deadline: UInt64) -> String {
        let left = deadline > now ? deadline - now : 0
        return String(max(Int64(left / 1_000_000) - 250, 50))
    }

    /// `$2` is the state, `$3` the text to search, `$4` the limit, NULL for any; `$5` is the offset.
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

    /// By sort and order, with the total as the last column.
    ///
    /// An empty page still gives one row with the total, and NULL as its id.
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
