import ArgumentParser
import Glibc
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Brings the schema up to date.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up to what this version needs.",
        discussion: """
            Connects with DATABASE_MIGRATION_URL, or DATABASE_URL where that is not set. Where they name two roles, \
            the one of DATABASE_URL gets what a worker needs, and no more. Everything lies in the schema "todo"; \
            nothing else in the database is touched. It can be run at any time, under load, and by several at once.

            Programs of before serve on: run it first, then replace the workers. A step that takes away what older \
            programs use is left out; --contract applies it, when none of them will run again.
            """
    )

    @Flag(help: "Only show which steps are in place; status 2 when one is missing, 1 when that cannot be told.")
    var status = false

    @Flag(help: "Apply steps as well that older programs cannot live with.")
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
            // Into a file or a pipe, a line would come when all is over.
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
        print("the role \(role) may use it")
        guard !left.isEmpty else { return }
        print("a more powerful role should run, to bound what a statement of a worker may do:")
        for statement in left { print("  \(statement);") }
    }
}
