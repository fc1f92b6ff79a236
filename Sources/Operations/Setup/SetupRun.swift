import Base
import Glibc
import Settings

/// Carries out `setup`, step by step; each step can be repeated.
struct SetupRun {
    /// The file in which the answers are stored for the next run.
    static let answersFile = "\(Installation.folder)/setup"
    /// The socket of this machine's PostgreSQL.
    static let localServer = "/var/run/postgresql/.s.PGSQL.5432"

    let answers: Answers

    func run() throws {
        let before = try Pool.active()
        var hasChanged = try prepareSecret()
        hasChanged = try prepareDatabase() || hasChanged
        hasChanged = try writeEnvironment() || hasChanged
        try migrateAndCheck()
        try startPool()
        if hasChanged, !before.isEmpty {
            Console.step("Replacing the workers that ran before")
            for worker in before where try Pool.active().contains(worker) { try Pool.systemctl("restart", worker) }
        }
        try prepareNginx()
        try testURL()
    }

    // MARK: Secret

    private func prepareSecret() throws -> Bool {
        Console.step("Secret")
        try Folder.make(Installation.credentials)
        _ = try checked("chmod", unsafe chmod(Installation.credentials, 0o700))
        let path = "\(Installation.credentials)/BETTER_AUTH_SECRET"
        if let secret = answers.secret {
            let hasChanged = try SettingFile.write(secret + "\n", to: path, mode: 0o600)
            Console.say(hasChanged ? "stored in \(path)" : "already there")
            return hasChanged
        }
        guard answers.makesSecret, !SettingFile.exists(path) else {
            Console.say(SettingFile.exists(path) ? "already there: \(path)" : "none: public keys sign tokens")
            return false
        }
        try SettingFile.write(Self.randomSecret() + "\n", to: path, mode: 0o600)
        Console.say("generated: \(path)")
        Console.say("the application that signs tokens needs the same BETTER_AUTH_SECRET")
        return true
    }

    /// 48 characters of 6 bits: 288 random bits from the kernel's generator.
    private static func randomSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String((0..<48).map { _ in digits[Int.random(in: 0..<64, using: &generator)] })
    }

    // MARK: Settings

    private func writeEnvironment() throws -> Bool {
        Console.step("Settings")
        var text = (try? TextFile.read(Installation.environmentFile)) ?? ""
        if text.isEmpty {
            text = """
                # Settings of the workers, without secrets; todo-fcgi --help lists them.
                # After a change: todo-fcgi restart. Secrets are files in \(Installation.credentials).
                """
        }
        text = EnvironmentText.setting("CORS_ORIGINS", to: answers.origins, in: text)
        for (name, value) in answers.settings {
            text = EnvironmentText.setting(name, to: value.isEmpty ? nil : value, in: text)
        }
        let hasChanged = try SettingFile.write(text, to: Installation.environmentFile)
        Console.say(
            hasChanged ? "written: \(Installation.environmentFile)" : "as before: \(Installation.environmentFile)")
        let notes = answers.edge.notes + [("DOMAIN", answers.domain)]
        let stored = notes.reduce("# Answers given to todo-fcgi setup, the defaults of its next run.\n") {
            EnvironmentText.setting($1.0, to: $1.1, in: $0)
        }
        try SettingFile.write(stored, to: Self.answersFile)
        return hasChanged
    }

    // MARK: Workers

    private func startPool() throws {
        Console.step("\(answers.workers) worker\(answers.workers == 1 ? "" : "s")")
        let wanted = (1...answers.workers).map(Pool.unit)
        let surplus = try Pool.enabled().filter { !wanted.contains($0) }
        if !surplus.isEmpty { try Pool.systemctl(["disable", "--now", "--quiet"] + surplus) }
        try Pool.systemctl(["enable", "--quiet", Pool.target, Pool.socket, Pool.backup] + wanted)
        try Pool.systemctl(["start", Pool.socket, Pool.backup])
        try Pool.systemctl(["start"] + wanted + [Pool.target])
        Console.say("running, and enabled at boot; a backup runs each night")
    }
}
