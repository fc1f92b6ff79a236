import ArgumentParser
import Base
import Glibc
import PostgreSQL
import Settings

/// Writes one backup of the service's tables.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all tasks into one file, while workers go on.",
        discussion: """
            The file holds the schema "todo" as it was at one moment, in pg_dump's custom format. It gets its name, \
            todo-DATE.dump, only when it is whole. Needs pg_dump (apt install postgresql-client).
            """
    )

    @Argument(help: ArgumentHelp("Where backups are kept.", valueName: "folder"))
    var folder = "/var/lib/todo-fcgi-backups"

    @Option(help: ArgumentHelp("How many backups stay there; older ones are removed.", valueName: "number"))
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
            // A backup that cannot be read is none.
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

    /// The time as part of a name that sorts.
    static func stamp() -> String { UTC.stamp(microseconds: Int64(Clock.realTime / 1_000)) }
}
