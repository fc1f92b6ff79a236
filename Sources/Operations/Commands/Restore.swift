import ArgumentParser
import Base
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Puts a backup in the place of the tables.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup in the place of the tables; those stay beside it under another name.",
        discussion: """
            Workers have to be stopped first: systemctl stop todo-fcgi.target. What is there is renamed to \
            todo_before_DATE and left for you to drop; when the backup cannot be read, it gets its name back.
            """
    )

    @Argument(help: ArgumentHelp("A file that todo-fcgi backup wrote.", valueName: "file"))
    var file: String

    func run() throws {
        // Opened as whoever typed this: the user who goes on may not be able to.
        let descriptor = unsafe open(file, O_RDONLY)
        guard descriptor >= 0 else { throw Failure("\(SystemError(file))") }
        defer { close(descriptor) }
        var reader = try Installation.settings()
        let database = DatabaseSettings(&reader)
        try reader.check()
        do {
            try restore(from: descriptor, database)
        } catch let error as PostgreSQLError {
            throw Failure("database: \(error)")
        }
    }

    private func restore(from descriptor: Int32, _ database: DatabaseSettings) throws {
        let variables = try ConnectionString.environment(of: database.migrationURL)
        let place = try SchemaPlace(takingOwnershipOf: .open(database.migrationURL))
        // Those that were just told to stop serve on for a few seconds.
        var patience = 50
        while try place.workers() > 0, patience > 0 {
            patience -= 1
            usleep(500_000)
        }
        guard patience > 0 else {
            throw Failure("workers are connected: systemctl stop todo-fcgi.target, and start it again afterwards")
        }
        let kept = "todo_before_\(Backup.stamp().lowercased())"
        let wasThere = try place.moveAway(to: kept)
        do {
            try Tool.run(
                [
                    "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl",
                    "--dbname=\(variables["PGDATABASE"] ?? "")", "/proc/self/fd/0",
                ], input: .file(descriptor), environment: variables)
        } catch {
            if wasThere { try place.moveBack(from: kept) }
            throw error
        }
        print("restored: \(file)")
        if let role = try database.runtimeRole() {
            let migrator = Migrator(takingOwnershipOf: try .open(database.migrationURL))
            _ = try migrator.grant(to: role)
            print("the role \(role) may use it")
        }
        if wasThere { print("what was there before is kept: drop schema \(kept) cascade") }
    }
}
