internal import Glibc
internal import PostgreSQL

extension Migrator {
    /// How long a migration waits for locks, and how often it tries again.
    struct RetryPolicy {
        /// How long a step waits for a lock, while all requests for that table wait behind it.
        var lock = "1s"
        /// How often a step is tried.
        var tries = 20
        /// Seconds between two tries, in which the waiting requests are served.
        var pause = 1.0...2.0
        /// How long to wait for another migration, and in an index's build for each earlier transaction; neither blocks
        /// requests.
        var others = "600s"
    }

    /// The advisory lock of this program's migrations: "todo" in ASCII.
    static var lockNumber: Int { 1_953_457_263 }

    /// Waits until no other migration runs.
    borrowing func lock(_ tell: (String) -> Void) throws(PostgreSQLError) {
        let isFree = try connection.execute("select pg_try_advisory_lock(\(Self.lockNumber))")
        guard isFree.text(row: 0, column: 0) != "t" else { return }
        tell("waiting for another migration, for \(retries.others) at most")
        do throws(PostgreSQLError) {
            try connection.execute("set lock_timeout = '\(retries.others)'")
            try connection.execute("select pg_advisory_lock(\(Self.lockNumber))")
        } catch {
            guard error.isLockTimeout else { throw error }
            throw PostgreSQLError(
                sqlState: error.sqlState, message: "another migration still runs after \(retries.others): \(holder)")
        }
    }

    /// Runs statements in one transaction, which waits only briefly for each lock and is retried.
    borrowing func transaction(
        _ name: String, _ tell: (String) -> Void, _ body: () throws(PostgreSQLError) -> Void
    ) throws(PostgreSQLError) {
        var attempt = 1
        while true {
            try connection.execute("begin")
            try connection.execute("set local statement_timeout = 0; set local lock_timeout = '\(retries.lock)'")
            do throws(PostgreSQLError) {
                try body()
                try connection.execute("commit")
                return
            } catch {
                _ = try? connection.execute("rollback")
                guard error.isLockTimeout || error.family == .conflict else { throw error }
                guard attempt < retries.tries else {
                    throw PostgreSQLError(
                        sqlState: error.sqlState,
                        message: "\(name) got no lock in \(attempt) tries; held by: \(holder)")
                }
                attempt += 1
                tell(
                    "\(name) got no lock within \(retries.lock); held by: \(holder); "
                        + "try \(attempt) of \(retries.tries) follows")
                let pause = Double.random(in: retries.pause)
                usleep(UInt32(pause * 1_000_000))
            }
        }
    }

    /// Builds an index concurrently with writes.
    ///
    /// An interrupted build leaves an invalid index, which is dropped and built again.
    borrowing func build(index name: String, on table: String, _ tell: (String) -> Void) throws(PostgreSQLError) {
        let found = try connection.execute(
            "select indisvalid from pg_index where indexrelid = to_regclass('todo.' || $1)", [name])
        if found.text(row: 0, column: 0) == "t" { return }
        try connection.execute("set lock_timeout = '\(retries.others)'")
        if found.count > 0 { try connection.execute("drop index concurrently todo.\(name)") }
        tell("building the index \(name), which waits for all transactions that run now")
        try connection.execute("create index concurrently \(name) on \(table)")
    }

    /// The sessions that use the tables now, for an operator who looks for the holder of a lock.
    private var holder: String {
        let sessions = try? connection.execute(
            """
            select distinct 'process ' || a.pid || ' (' || coalesce(nullif(a.application_name, '') || ' as ', '')
                || coalesce(a.usename, '?') || ')'
            from pg_locks l join pg_stat_activity a using (pid)
            where l.granted and a.pid <> pg_backend_pid() and l.database = (
                    select oid from pg_database where datname = current_database())
                and (l.locktype = 'advisory' and l.classid = 0 and l.objid = \(Self.lockNumber)
                    or l.relation in (select oid from pg_class where relnamespace = to_regnamespace('todo')))
            limit 5
            """)
        guard let sessions, sessions.count > 0 else { return "no session any more" }
        let names = (0..<sessions.count).compactMap { sessions.text(row: $0, column: 0) }
        return names.joined(separator: ", ")
    }
}

extension PostgreSQLError {
    /// Whether a lock was not granted within `lock_timeout`.
    fileprivate var isLockTimeout: Bool { sqlState?.code == "55P03" }
}
