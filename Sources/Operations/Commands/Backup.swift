import ArgumentParser
import Base
import Glibc
import PostgreSQL
import Settings

/// Writes one backup of the service's tables.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all tasks to one file, while workers keep serving.",
        discussion: """
            The file holds a consistent snapshot of the schema "todo" in pg_dump's custom format. It is renamed to \
            todo-DATE.dump only when it is complete. Needs pg_dump (apt install postgresql-client).
            """
    )

    @Argument(help: ArgumentHelp("The folder of the backups.", valueName: "folder"))
    var folder = "/var/lib/todo-fcgi-backups"

    @Option(help: ArgumentHelp("How many backups to keep; older ones are removed.", valueName: "number"))
    var keep: Int?

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep: at least 1") }
    }

    func run() throws {
        var reader = try Installation.settings()
        let database = DatabaseSettings(&reader)
        try reader.check()
        umask(0o077)
        let path = "\(folder)/todo-\(Self.stamp()).dump"
        do {
            let variables = try ConnectionString.environment(of: database.migrationURL)
            let partial = path + ".partial"
            defer { unsafe unlink(partial) }
            try Tool.run(
                ["pg_dump", "--format=custom", "--schema=todo", "--no-owner", "--no-acl", "--file=\(partial)"],
                environment: variables)
            // A backup counts only if it can be read.
            let contents = try Tool.run(["pg_restore", "--list", partial])
            guard contents.contains("TABLE DATA todo tasks") else {
                throw Failure("the backup holds no tasks table")
            }
            _ = try checked("rename", unsafe rename(partial, path))
        } catch let error as PostgreSQLError {
            throw Failure("database: \(error)")
        } catch let error as SystemError {
            throw Failure("\(path): \(error)")
        }
        print(path)
        if let keep { try removeOld(keep) }
    }

    private func removeOld(_ keep: Int) throws(Failure) {
        let names: [String]
        do throws(SystemError) { names = try Folder.names(in: folder) } catch { throw Failure("\(folder): \(error)") }
        let backups = names.filter { $0.hasPrefix("todo-") && $0.hasSuffix(".dump") }
        for name in backups.sorted().dropLast(keep) { unsafe unlink("\(folder)/\(name)") }
    }

    /// The current time, for file names that sort by time.
    static func stamp() -> String { UTC.stamp(microseconds: Int64(Clock.realTime / 1_000)) }
}
