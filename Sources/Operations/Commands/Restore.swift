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
            todo_before_DATE and left for you to drop; when the backup cannot be read, it gets its name back. When \
            this is interrupted in the middle, the next run begins with that.
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
        let place = try SchemaReplacement(takingOwnershipOf: .open(database.migrationURL))
        try waitUntilUnused(place, by: ConnectionString.user(of: database.url))
        if let aside = try place.movedAside() {
            try place.moveBack(from: aside)
            say("a restore was interrupted before: \(aside) has its name back")
        }
        let kept = SchemaReplacement.asideName(at: Backup.stamp())
        let wasThere = try place.exists()
        if wasThere {
            say("what is there becomes \(kept)")
            say("if this is interrupted, run it again, or go back by: \(try place.undoStatement(from: kept))")
            // An interrupted pg_restore is a failure, after which the tables get their name back. A handler, since a
            // signal that is ignored would be ignored by pg_restore too.
            for number in [SIGINT, SIGTERM, SIGHUP] { _ = signal(number) { _ in } }
            try place.moveAside(to: kept)
        }
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
        say("restored: \(file)")
        if let role = try database.runtimeRole() {
            let migrator = Migrator(takingOwnershipOf: try .open(database.migrationURL))
            _ = try migrator.grant(to: role)
            say("the role \(role) may use it")
        }
        if wasThere { say("what was there before is kept: drop schema \(kept) cascade") }
    }

    /// Waits for workers that were just told to stop: they serve on for a few seconds.
    private func waitUntilUnused(_ place: borrowing SchemaReplacement, by role: String) throws {
        var users = try place.users(workingAs: role)
        if !users.isEmpty { say("waiting for sessions that use the tables to end: \(users.joined(separator: ", "))") }
        for _ in 0..<50 where !users.isEmpty {
            usleep(500_000)
            users = try place.users(workingAs: role)
        }
        guard !users.isEmpty else { return }
        throw Failure([
            "workers are connected: \(users.joined(separator: ", "))",
            "stop them first (systemctl stop todo-fcgi.target) and start them again afterwards; what a pooler keeps of "
                + "them ends with select pg_terminate_backend(process)",
        ])
    }

    /// Prints a line at once: it has to be read even when this is killed in the next moment.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
