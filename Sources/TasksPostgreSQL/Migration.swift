internal import PostgreSQL

/// One step of the schema, applied once and never changed after.
///
/// Programs of two versions use one database while workers are replaced, and again on the way back. So a change comes
/// in steps that no program has to stop for:
///
/// 1. *Expand*: add what the new program needs and the old one can live with: a column that may be null or has a
///    constant default, a table, an index, a wider type. `migrate` applies it before workers are replaced. Results are
///    cast in `TaskStatements`, so a column may change its type, but not its collation.
/// 2. *Replace* the workers. The new program writes both the old and the new form where the old one is still read.
/// 3. *Contract*: take away what no program from `usableFrom` on uses. `migrate --contract` applies it, when no older
///    program runs or is to come back. Programs that know the step serve without it, too.
///
/// A transaction keeps its locks to its end, and a lock on `todo.tasks` holds up every request. It must not read or
/// rewrite a table: a constraint is added `not valid` in one step and validated in the next, an index is a step of its
/// own.
struct Migration: Sendable {
    /// What a step does.
    enum Work: Sendable {
        /// Statements that are done together or not at all.
        case transaction(String)
        /// An index, built while writes go on; no transaction can do that.
        ///
        /// `on` is what follows the name: the table, the columns and the condition.
        case index(name: String, on: String)
    }

    /// Counts from 1 without gaps.
    let version: Int
    let name: String
    /// The schema's version that a program has to know, at least, to use a database that has this step.
    let usableFrom: Int
    /// Whether it takes something away; programs that know it do without it, too.
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

    /// Kept beside the version, so that a step that was changed after it was applied is noticed.
    var checksum: String {
        switch work {
        case .transaction(let sql): Statement.fingerprint(of: sql)
        case .index(let name, let table): Statement.fingerprint(of: "create index \(name) on \(table)")
        }
    }
}
