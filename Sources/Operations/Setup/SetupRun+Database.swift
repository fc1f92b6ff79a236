import Settings
import TasksPostgreSQL

extension SetupRun {
    /// Creates a local database if that was chosen, and stores the URLs; whether they changed.
    func prepareDatabase() throws -> Bool {
        Console.step("Database")
        let runtime: String
        let owner: String
        switch answers.database {
        case .asBefore:
            Console.say("as before")
            return false
        case .urls(let url, let ownersURL):
            runtime = url
            owner = ownersURL ?? url
            guard !url.isEmpty else { throw Failure("DATABASE_URL is empty") }
        case .local:
            try makeLocalDatabase()
            runtime = Self.localURL(Installation.runtime)
            owner = Self.localURL(Installation.owner)
        }
        let files = [("DATABASE_URL", runtime), ("DATABASE_MIGRATION_URL", owner)]
        var hasChanged = false
        for (name, url) in files {
            hasChanged =
                try SettingFile.write(
                    url + "\n", to: "\(Installation.credentials)/\(name)", mode: 0o600) || hasChanged
        }
        return hasChanged
    }

    /// The URL of a role without a password: peer authentication by the system user of the same name.
    private static func localURL(_ role: String) -> String {
        "postgresql:///todo?host=/var/run/postgresql&user=\(role)"
    }

    private func makeLocalDatabase() throws(Failure) {
        guard SettingFile.exists(Self.localServer) else {
            throw Failure("PostgreSQL does not run here: apt install postgresql, or give DATABASE_URL")
        }
        let bounds = Migrator.roleSettings.map { setting, value in
            """
            select format('alter role "todo-fcgi" set %I = %L', '\(setting)', '\(value)')
            where not exists (select from pg_roles, unnest(rolconfig) as setting
                where rolname = 'todo-fcgi' and setting like '\(setting)=%') \\gexec
            """
        }
        // Creates only what is missing and changes nothing that exists.
        let script = """
            select format('create role %I login', name) from (values ('todo-fcgi-owner'), ('todo-fcgi')) as roles (name)
            where not exists (select from pg_roles where rolname = name) \\gexec
            select 'create database todo owner "todo-fcgi-owner" encoding ''UTF8'' template template0'
            where not exists (select from pg_database where datname = 'todo') \\gexec
            revoke all on database todo from public;
            grant connect on database todo to "todo-fcgi";
            \(bounds.joined(separator: "\n"))
            """
        try Tool.run(
            [
                "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env",
                "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "postgres",
            ], input: .text(script))
        Console.say(
            "todo in this machine's PostgreSQL, with the roles \(Installation.runtime) and \(Installation.owner)")
    }

    /// Runs `migrate` and `check`, each as the user that it is for.
    func migrateAndCheck() throws(Failure) {
        Console.step("Schema")
        // The files are read instead of this process's variables: an empty variable counts as not set.
        let names = Installation.secrets.flatMap { [$0, "\($0)_FILE"] }
        let none = Dictionary(uniqueKeysWithValues: names.map { ($0, "") })
        for command in ["migrate", "check"] {
            let said = try Tool.run(["/usr/bin/todo-fcgi", command], environment: none)
            for line in said.split(whereSeparator: \.isNewline) {
                Console.say(String(line))
            }
        }
    }
}
