import Settings

/// The workers of this machine as systemd units.
enum Pool {
    static let target = "todo-fcgi.target"
    static let socket = "todo-fcgi.socket"
    static let backup = "todo-fcgi-backup.timer"

    static func unit(_ number: Int) -> String { "todo-fcgi@\(number).service" }

    /// The running workers, in the order of their numbers.
    static func active() throws(Failure) -> [String] {
        try units("list-units", "--state=active,reloading,activating,deactivating").sorted(by: byNumber)
    }

    /// The workers enabled at boot, in the order of their numbers.
    static func enabled() throws(Failure) -> [String] {
        try units("list-unit-files", "--state=enabled").filter { $0 != "todo-fcgi@.service" }.sorted(by: byNumber)
    }

    /// Runs systemctl; its output is part of a failure.
    @discardableResult
    static func systemctl(_ arguments: String...) throws(Failure) -> String {
        try systemctl(arguments)
    }

    @discardableResult
    static func systemctl(_ arguments: [String]) throws(Failure) -> String {
        try Tool.run(["systemctl"] + arguments)
    }

    private static func units(_ verb: String, _ state: String) throws(Failure) -> [String] {
        // The status is ignored: it is 1 when there are no such units.
        let command = ["systemctl", verb, "--plain", "--no-legend", state, "todo-fcgi@*.service"]
        guard let result = try? Subprocess.run(command) else { throw Failure("systemctl is not installed") }
        return result.output
            .split(whereSeparator: \.isNewline)
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    private static func byNumber(_ one: String, _ other: String) -> Bool {
        (one.count, one) < (other.count, other)
    }
}
