import Base
import Glibc
import Settings

/// The paths and users of an installed package.
enum Installation {
    /// The administrator's configuration; `setup` writes it.
    static let folder = "/etc/todo-fcgi"
    /// Settings without secrets, for `EnvironmentFile=` of the units.
    static let environmentFile = "\(folder)/environment"
    /// One secret per file, readable by root only; the units pass them by `LoadCredential=`.
    static let credentials = "\(folder)/credentials"
    /// The local part of nginx's configuration.
    static let nginx = "\(folder)/nginx"
    /// The package's part of nginx's configuration.
    static let shared = "/usr/share/todo-fcgi/nginx"
    /// The metrics file of the installed workers, as in the unit.
    static let metricsFile = "/run/todo-fcgi/metrics/counters"
    /// The user of migrations, imports and backups.
    static let owner = "todo-fcgi-owner"
    /// The user of workers.
    static let runtime = "todo-fcgi"
    /// The settings that are secrets, or may contain one.
    static let secrets = [
        "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_PREVIOUS", "DATABASE_URL", "DATABASE_MIGRATION_URL",
    ]

    /// The settings of an operator's command.
    ///
    /// For root without secrets in the environment, they are read from the installation, and the process changes to the
    /// user of the command. Otherwise they come from the environment.
    static func settings(as user: String = owner) throws(Failure) -> SettingsReader {
        let own = Environment.variables()
        let isSet = (secrets + secrets.map { "\($0)_FILE" }).contains { own[$0]?.isEmpty == false }
        guard geteuid() == 0, !isSet, let text = try? TextFile.read(environmentFile) else {
            return SettingsReader(own)
        }
        var settings = EnvironmentText.variables(of: text)
        for name in secrets {
            if let secret = try? TextFile.read("\(credentials)/\(name)"), !secret.isEmpty { settings[name] = secret }
        }
        // The key set kept on disk belongs to the workers.
        if user == runtime { settings["STATE_DIRECTORY"] = "/var/lib/todo-fcgi" }
        do {
            try become(user)
        } catch {
            throw Failure("cannot change to the user \(user): \(error)")
        }
        return SettingsReader(settings.merging(own) { $1.isEmpty ? $0 : $1 })
    }

    /// Drops root's privileges permanently.
    ///
    /// The corresponding C functions are `getpwnam`, `setgroups`, `setgid` and `setuid`.
    private static func become(_ name: String) throws(SystemError) {
        guard let entry = unsafe getpwnam(name) else { throw SystemError("getpwnam", code: ENOENT) }
        let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
        var groups = [group]
        _ = try checked("setgroups", unsafe setgroups(1, &groups))
        _ = try checked("setgid", setgid(group))
        _ = try checked("setuid", setuid(user))
        // The user may have no access to the present directory.
        _ = unsafe chdir("/")
    }
}

/// A file of `NAME=value` lines, as systemd reads it.
enum EnvironmentText {
    /// The variables; comments and malformed lines are skipped.
    static func variables(of text: String) -> [String: String] {
        var variables: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (name, value) = assignment(line) else { continue }
            variables[name] = value
        }
        return variables
    }

    /// The text with a variable changed, or its line added.
    ///
    /// A nil value removes the variable. Other lines stay unchanged.
    static func setting(_ name: String, to value: String?, in text: String) -> String {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        while lines.last == "" { lines.removeLast() }
        let place = lines.firstIndex { assignment($0[...])?.0 == name }
        let line = value.map { "\(name)=\(quoted($0))" }
        if let place, let line { lines[place] = line } else if let place { lines.remove(at: place) }
        if place == nil, let line { lines.append(line) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func assignment(_ line: Substring) -> (String, String)? {
        guard let first = line.first, first != "#", first != ";", let equals = line.firstIndex(of: "=") else {
            return nil
        }
        var value = line[line.index(after: equals)...]
        if value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote {
            value = value.dropFirst().dropLast()
        }
        return (String(line[..<equals]), String(value))
    }

    /// The value in quotes if it has white space or `#`.
    private static func quoted(_ value: String) -> String {
        value.contains { $0 == " " || $0 == "#" || $0 == "\t" } ? "\"\(value)\"" : value
    }
}
