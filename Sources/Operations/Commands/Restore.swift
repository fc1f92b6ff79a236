import ArgumentParser
import Base
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Restores a backup.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Restore a backup; the present tables are kept under another name.",
        discussion: """
            Workers have to be stopped first: systemctl stop todo-fcgi.target. The present schema is renamed to \
            todo_before_DATE, which you may drop later; if the restore fails, it is renamed back. After an \
            interruption the next run renames it back first.
            """
    )

    @Argument(help: ArgumentHelp("A file that todo-fcgi backup wrote.", valueName: "file"))
    var file: String

    func run() throws {
        // Opened before the change of user: the database's owner may not have access to the file.
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
            say("a restore was interrupted before: \(aside) was renamed back")
        }
        let kept = SchemaReplacement.asideName(at: Backup.stamp())
        let wasThere = try place.exists()
        if wasThere {
            say("the present schema is renamed to \(kept)")
            say("if this is interrupted, run it again, or undo it with: \(try place.undoStatement(from: kept))")
            // A signal ends pg_restore only, and the failure renames the schema back. A handler instead of SIG_IGN,
            // which pg_restore would inherit.
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
            say("the role \(role) may use the schema")
        }
        if wasThere { say("the former schema is kept; to remove it: drop schema \(kept) cascade") }
    }

    /// Waits for workers that were just stopped, which drain for a few seconds.
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
            "stop them first (systemctl stop todo-fcgi.target) and start them again afterwards; end sessions that a "
                + "pooler keeps open with select pg_terminate_backend(process)",
        ])
    }

    /// Prints a line and flushes it, so that it is seen even if the process is killed next.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
