import ArgumentParser
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Takes over the tasks of an older backend.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over the tasks of an older backend from its table in the same database.",
        discussion: """
            Reads a table such as FastAPI and SQLModel applications have: id (integer or UUID), user_id, title, and \
            description, completed or status, created_at, updated_at where they are there. It only reads that table. \
            A task keeps an integer id, unless its owner already has another task with it; UUIDs become numbers in the \
            order of creation. It can be run again: what was taken over before is left alone, even if it was changed \
            or deleted since.
            """
    )

    @Option(help: ArgumentHelp("The table: tasks, public.task, …", valueName: "table"))
    var from: String

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Flag(help: "Cut titles and descriptions that are too long, instead of leaving their tasks out.")
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
        print("  \(summary.alreadyImported) taken over before")
        print("  \(summary.keepingID) to take over with their ids")
        print("  \(summary.renumbered) to take over with new ids")
        print("  \(summary.unfit) left out")
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
        print("\(isTerminal ? "\r\u{1B}[K" : "")\(done) tasks taken over")
    }
}
