import ArgumentParser
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Imports the tasks of an older backend.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import the tasks of an older backend from its table in the same database.",
        discussion: """
            Reads a table like those of FastAPI and SQLModel applications: id (integer or UUID), user_id, title, and \
            description, completed or status, created_at, updated_at if present. That table is not changed. A task \
            keeps its integer id, unless its owner already has another task with that id; UUIDs become numbers in the \
            order of creation. It can be run again: tasks that were imported before are skipped, even if they were \
            changed or deleted since.
            """
    )

    @Option(help: ArgumentHelp("The table: tasks, public.task, …", valueName: "table"))
    var from: String

    @Flag(help: "Only show what would be done.")
    var dryRun = false

    @Flag(help: "Truncate titles and descriptions that are too long, instead of skipping their tasks.")
    var cut = false

    func run() throws {
        var reader = try Installation.settings()
        let database = DatabaseSettings(&reader)
        try reader.check()
        do {
            let importer = try Importer.open(
                takingOwnershipOf: .open(database.migrationURL), from: from, cut: cut)
            try work(importer)
        } catch let error as ImportError {
            throw Failure("\(from): \(error)")
        } catch let error as PostgreSQLError {
            throw Failure("database: \(error)")
        }
    }

    private func work(_ importer: borrowing Importer) throws {
        print("\(importer.table):")
        for (column, source) in importer.columns { print("  \(column): \(source)") }
        let summary = try importer.summary()
        print("\(summary.rows) tasks of \(summary.owners) owners")
        print("  \(summary.alreadyImported) imported before")
        print("  \(summary.keepingID) to import with their ids")
        print("  \(summary.renumbered) to import with new ids")
        print("  \(summary.unfit) skipped")
        for example in summary.examples { print("    \(example)") }
        guard !dryRun else { return print("nothing was changed") }
        let total = summary.keepingID + summary.renumbered
        var done = 0
        let isTerminal = isatty(STDOUT_FILENO) == 1
        try importer.run { count in
            done += count
            guard isTerminal else { return }
            let filled = min(30, total == 0 ? 30 : done * 30 / total)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
            print("\r[\(bar)] \(done) of \(total)", terminator: "")
            fflush(nil)
        }
        print("\(isTerminal ? "\r\u{1B}[K" : "")\(done) tasks imported")
    }
}
