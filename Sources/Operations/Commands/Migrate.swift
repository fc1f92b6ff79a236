import ArgumentParser
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Migrates the schema.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Migrate the database's schema to what this version needs.",
        discussion: """
            Connects with DATABASE_MIGRATION_URL, or DATABASE_URL if that is not set. If they name two roles, the role \
            of DATABASE_URL is granted what a worker needs, and no more. All objects are in the schema "todo"; nothing \
            else in the database is changed. It can be run at any time, under load, and concurrently.

            Older versions keep working: run it first, then replace the workers. A step that removes what older \
            versions use is left out; --contract applies it, when no older version will run again.
            """
    )

    @Flag(help: "Only show which steps are applied; exit status 2 if one is missing, 1 on an error.")
    var status = false

    @Flag(help: "Also apply steps that are incompatible with older versions.")
    var contract = false

    /// The exit status of `--status` when a step is missing.
    static let isMissing = ExitCode(2)

    func validate() throws {
        if status, contract { throw ValidationError("--status only shows; --contract is for the run without it") }
    }

    func run() throws {
        var environment = try Installation.settings()
        let database = DatabaseSettings(&environment)
        try environment.check()
        do {
            let migrator = Migrator(takingOwnershipOf: try .open(database.migrationURL))
            if status {
                try show(migrator.steps())
            } else {
                try apply(migrator, database)
            }
        } catch let error as PostgreSQLError {
            throw Failure("database: \(error)")
        }
    }

    private func show(_ steps: [Migrator.Step]) throws {
        for step in steps {
            let state = step.isMissing ? "missing" : "left out until --contract"
            print("\(step.version)  \(step.name): \(step.appliedAt.map { "applied \($0)" } ?? state)")
        }
        if steps.contains(where: \.isMissing) { throw Self.isMissing }
    }

    private func apply(_ migrator: borrowing Migrator, _ database: DatabaseSettings) throws {
        let applied = try migrator.apply(contracting: contract) { line in
            print(line)
            // A file or a pipe is fully buffered: without it the line would appear only at the end.
            fflush(nil)
        }
        if applied.isEmpty { print("nothing to do: the schema is up to date") }
        for step in try migrator.steps() where step.appliedAt == nil {
            print(
                "left out \(step.version): \(step.name); "
                    + "migrate --contract applies it, when no older version will run again")
        }
        guard let role = try database.runtimeRole() else { return }
        let left = try migrator.grant(to: role)
        print("the role \(role) may use the schema")
        guard !left.isEmpty else { return }
        print("a role with more privileges should run, to limit the statements of workers:")
        for statement in left { print("  \(statement);") }
    }
}
