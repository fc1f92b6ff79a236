import Base
import Glibc
import Settings

/// Where the package and `setup` keep things on this machine.
enum Installation {
    /// What the administrator decides; `setup` writes it.
    static let folder = "/etc/todo-fcgi"
    /// Settings without secrets, as `EnvironmentFile=` of the units reads them.
    static let environmentFile = "\(folder)/environment"
    /// One secret a file, for root alone; the units hand them on by `LoadCredential=`.
    static let credentials = "\(folder)/credentials"
    /// What differs between places of nginx's configuration.
    static let nginx = "\(folder)/nginx"
    /// The package's part of nginx's configuration.
    static let shared = "/usr/share/todo-fcgi/nginx"
    /// The counters of the installed workers, as the unit has them.
    static let metricsFile = "/run/todo-fcgi/metrics/counters"
    /// Migrations, imports and backups run as this user.
    static let owner = "todo-fcgi-owner"
    /// The workers' user.
    static let runtime = "todo-fcgi"
    /// The settings that are secrets, or may hold one.
    static let secrets = [
        "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_PREVIOUS", "DATABASE_URL", "DATABASE_MIGRATION_URL",
    ]

    /// Settings for a command that an administrator types.
    ///
    /// Root, who has set none, means those of this machine: they are read here, and the command goes on as the user
    /// that it is for. Everybody else's come from the environment.
    static func settings(as user: String = owner) throws(Failure) -> SettingsReader {
        let own = Environment.variables()
        let isTold = (secrets + secrets.map { "\($0)_FILE" }).contains { own[$0]?.isEmpty == false }
        guard geteuid() == 0, !isTold, let text = try? TextFile.read(environmentFile) else {
            return SettingsReader(own)
        }
        var settings = EnvironmentText.variables(of: text)
        for name in secrets {
            if let secret = try? TextFile.read("\(credentials)/\(name)"), !secret.isEmpty { settings[name] = secret }
        }
        // The kept keys are the workers'.
        if user == runtime { settings["STATE_DIRECTORY"] = "/var/lib/todo-fcgi" }
        do {
            try become(user)
        } catch {
            throw Failure("cannot go on as \(user): \(error)")
        }
        return SettingsReader(settings.merging(own) { $1.isEmpty ? $0 : $1 })
    }

    /// Gives root's rights away for good.
    ///
    /// The corresponding C functions are `getpwnam`, `setgroups`, `setgid` and `setuid`.
    private static func become(_ name: String) throws(SystemError) {
        guard let entry = unsafe getpwnam(name) else { throw SystemError("getpwnam", code: ENOENT) }
        let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
        var groups = [group]
        _ = try checked("setgroups", unsafe setgroups(1, &groups))
        _ = try checked("setgid", setgid(group))
        _ = try checked("setuid", setuid(user))
        // Where it was started may be closed to that user.
        _ = unsafe chdir("/")
    }
}

/// A file of `NAME=value` lines, as systemd reads it.
enum EnvironmentText {
    /// Its variables; comments and lines that are none are left out.
    static func variables(of text: String) -> [String: String] {
        var variables: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (name, value) = assignment(line) else { continue }
            variables[name] = value
        }
        return variables
    }

    /// The text with a variable's value changed, or its line added.
    ///
    /// nil takes it out. Other lines stay as they are.
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

    /// In quotes where a blank or a comment sign would be taken for something else.
    private static func quoted(_ value: String) -> String {
        value.contains { $0 == " " || $0 == "#" || $0 == "\t" } ? "\"\(value)\"" : value
    }
}
