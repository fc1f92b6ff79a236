internal import PostgreSQL

/// One step of the schema, applied once and never changed afterwards.
///
/// Programs of two versions use one database while workers are replaced, and again during a rollback. So a change is
/// made in steps that need no downtime:
///
/// 1. *Expand*: add what the new program needs and the old one tolerates: a column that may be null or has a
///    constant default, a table, an index, a wider type. `migrate` applies it before workers are replaced. Results are
///    cast in `TaskStatements`, so a column may change its type, but not its collation.
/// 2. *Replace* the workers. The new program writes both the old and the new form where the old one is still read.
/// 3. *Contract*: remove what no program from `usableFrom` on uses. `migrate --contract` applies it, when no older
///    program runs or will run again. Programs that know the step also serve without it.
///
/// A transaction keeps its locks to its end, and a lock on `todo.tasks` blocks every request. It must not read or
/// rewrite a table: a constraint is added `not valid` in one step and validated in the next, an index is a step of its
/// own.
struct Migration: Sendable {
    /// What a step does.
    enum Work: Sendable {
        /// Statements that run in one transaction.
        case transaction(String)
        /// An index, built concurrently with writes, which is not possible in a transaction.
        ///
        /// `on` is what follows the name: the table, the columns and the condition.
        case index(name: String, on: String)
    }

    /// Counts from 1 without gaps.
    let version: Int
    let name: String
    /// The schema's version that a program has to know, at least, to use a database that has this step.
    let usableFrom: Int
    /// Whether it removes something; programs that know it also serve without it.
    let isContract: Bool
    let work: Work

    /// Makes a step; without `usableFrom`, only programs that know the step can use a database that has it.
    init(version: Int, name: String, usableFrom: Int? = nil, isContract: Bool = false, _ work: Work) {
        self.version = version
        self.name = name
        self.usableFrom = usableFrom ?? version
        self.isContract = isContract
        self.work = work
    }

    /// Recorded with the version, to detect a step that was changed after it was applied.
    var checksum: String {
        switch work {
        case .transaction(let sql): Statement.fingerprint(of: sql)
        case .index(let name, let table): Statement.fingerprint(of: "create index \(name) on \(table)")
        }
    }
}
