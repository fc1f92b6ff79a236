import ArgumentParser
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
            nothing else in the database is touched. It can be run at any time, and by several at once.
            """
    )

    @Flag(help: "Only show which steps are in place; status 1 when one is missing.")
    var status = false

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
            print("\(step.version)  \(step.name): \(step.appliedAt.map { "applied \($0)" } ?? "missing")")
        }
        if steps.contains(where: { $0.appliedAt == nil }) { throw ExitCode.failure }
    }

    private func apply(_ migrator: borrowing Migrator, _ database: DatabaseSettings) throws {
        let applied = try migrator.apply()
        for step in applied { print("applied \(step.version): \(step.name)") }
        if applied.isEmpty { print("nothing to do: the schema is up to date") }
        guard let role = try database.runtimeRole() else { return }
        let left = try migrator.grant(to: role)
        print("the role \(role) may use it")
        guard !left.isEmpty else { return }
        print("a more powerful role should run, to bound what a statement of a worker may take:")
        for statement in left { print("  \(statement);") }
    }
}
