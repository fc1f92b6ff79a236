import Base

/// The workers of this machine, which systemd owns.
enum Pool {
    static let target = "todo-fcgi.target"
    static let socket = "todo-fcgi.socket"
    static let backup = "todo-fcgi-backup.timer"

    static func unit(_ number: Int) -> String { "todo-fcgi@\(number).service" }

    /// The workers that run, in the order of their numbers.
    static func active() throws(Failure) -> [String] {
        try units("list-units", "--state=active,reloading,activating,deactivating").sorted(by: byNumber)
    }

    /// The workers that start with the machine.
    static func enabled() throws(Failure) -> [String] {
        try units("list-unit-files", "--state=enabled").filter { $0 != "todo-fcgi@.service" }.sorted(by: byNumber)
    }

    /// Runs systemctl; what it says is part of the failure.
    @discardableResult
    static func systemctl(_ arguments: String...) throws(Failure) -> String {
        try systemctl(arguments)
    }

    @discardableResult
    static func systemctl(_ arguments: [String]) throws(Failure) -> String {
        try Tool.run(["systemctl"] + arguments)
    }

    private static func units(_ verb: String, _ state: String) throws(Failure) -> [String] {
        // Its status is 1 when there are none.
        let command = ["systemctl", verb, "--plain", "--no-legend", state, "todo-fcgi@*.service"]
        guard let result = try? Subprocess.run(command) else { throw Failure("systemctl is not there") }
        return result.output
            .split(whereSeparator: \.isNewline)
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    private static func byNumber(_ one: String, _ other: String) -> Bool {
        (one.count, one) < (other.count, other)
    }
}

/// Programs of the system that `setup` and its sisters need.
enum Tool {
    /// Runs a program that has to succeed, and gives what it said.
    @discardableResult
    static func run(
        _ command: [String], input: String = "", environment: [String: String] = [:]
    ) throws(Failure) -> String {
        let result: Subprocess.Result
        do throws(SystemError) {
            result = try Subprocess.run(command, input: input, environment: environment)
        } catch {
            throw Failure("\(error)")
        }
        return try output(of: command, result)
    }

    /// The same with an open file as its input.
    @discardableResult
    static func run(
        _ command: [String], inputFrom descriptor: Int32, environment: [String: String]
    ) throws(Failure) -> String {
        let result: Subprocess.Result
        do throws(SystemError) {
            result = try Subprocess.run(command, inputFrom: descriptor, environment: environment)
        } catch {
            throw Failure("\(error)")
        }
        return try output(of: command, result)
    }

    private static func output(of command: [String], _ result: Subprocess.Result) throws(Failure) -> String {
        if result.status == 0 { return result.output }
        let words = result.output.split(whereSeparator: \.isNewline).suffix(8).map { "  \($0)" }
        throw Failure(["\(command.prefix(3).joined(separator: " ")) failed:"] + words)
    }

    static func isThere(_ name: String) -> Bool {
        ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].contains { SettingFile.exists($0 + name) }
    }
}
