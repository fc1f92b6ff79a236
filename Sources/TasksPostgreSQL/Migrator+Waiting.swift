internal import Glibc
internal import PostgreSQL

extension Migrator {
    /// How long a migration waits for others, and others for it.
    struct Patience {
        /// How long a step waits for a lock, with all requests for that table waiting behind it.
        var lock = "1s"
        /// How often a step is tried.
        var tries = 20
        /// Seconds between two tries, in which the requests that waited are served.
        var pause = 1.0...2.0
        /// How long another migration is waited for, and an index's build for each transaction that began before it;
        /// neither holds up a request.
        var others = "600s"
    }

    /// Names this program's migrations among the database's advisory locks: "todo" in ASCII.
    static var lockNumber: Int { 1_953_457_263 }

    /// Waits until no other migration runs.
    borrowing func lock(_ tell: (String) -> Void) throws(PostgreSQLError) {
        let isFree = try connection.execute("select pg_try_advisory_lock(\(Self.lockNumber))")
        guard isFree.text(row: 0, column: 0) != "t" else { return }
        tell("another migration runs; waiting for it for \(patience.others) at most")
        do throws(PostgreSQLError) {
            try connection.execute("set lock_timeout = '\(patience.others)'")
            try connection.execute("select pg_advisory_lock(\(Self.lockNumber))")
        } catch {
            guard error.isLockTimeout else { throw error }
            throw PostgreSQLError(
                sqlState: error.sqlState, message: "another migration still runs after \(patience.others): \(holder)")
        }
    }

    /// Runs statements as one transaction, which waits for each lock only briefly and is tried again.
    borrowing func transaction(
        _ name: String, _ tell: (String) -> Void, _ body: () throws(PostgreSQLError) -> Void
    ) throws(PostgreSQLError) {
        var attempt = 1
        while true {
            try connection.execute("begin")
            try connection.execute("set local statement_timeout = 0; set local lock_timeout = '\(patience.lock)'")
            do throws(PostgreSQLError) {
                try body()
                try connection.execute("commit")
                return
            } catch {
                _ = try? connection.execute("rollback")
                guard error.isLockTimeout || error.family == .conflict else { throw error }
                guard attempt < patience.tries else {
                    throw PostgreSQLError(
                        sqlState: error.sqlState,
                        message: "\(name) was tried \(attempt) times, and others held its locks: \(holder)")
                }
                attempt += 1
                tell("\(name) gave way after \(patience.lock): \(holder); try \(attempt) of \(patience.tries) follows")
                let pause = Double.random(in: patience.pause)
                usleep(UInt32(pause * 1_000_000))
            }
        }
    }

    /// Builds an index while writes go on.
    ///
    /// A build that was interrupted leaves an index that is not valid; it is built anew.
    borrowing func build(index name: String, on table: String, _ tell: (String) -> Void) throws(PostgreSQLError) {
        let found = try connection.execute(
            "select indisvalid from pg_index where indexrelid = to_regclass('todo.' || $1)", [name])
        if found.text(row: 0, column: 0) == "t" { return }
        try connection.execute("set lock_timeout = '\(patience.others)'")
        if found.count > 0 { try connection.execute("drop index concurrently todo.\(name)") }
        tell("building the index \(name); this ends after all transactions that run now")
        try connection.execute("create index concurrently \(name) on \(table)")
    }

    /// Who works with the tables now, for a person who wants to know what a lock is waited for.
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
        guard let sessions, sessions.count > 0 else { return "nobody holds them any more" }
        let names = (0..<sessions.count).compactMap { sessions.text(row: $0, column: 0) }
        return names.joined(separator: ", ")
    }
}

extension PostgreSQLError {
    /// Whether a lock was not to be had within `lock_timeout`.
    fileprivate var isLockTimeout: Bool { sqlState?.code == "55P03" }
}
