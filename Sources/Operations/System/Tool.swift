import Base
import Settings

/// System programs that the operator's commands run.
enum Tool {
    /// Runs a program that has to succeed, and returns its output.
    @discardableResult
    static func run(
        _ command: [String], input: Subprocess.Input = .text(""), environment: [String: String] = [:]
    ) throws(Failure) -> String {
        let result: Subprocess.Result
        do throws(SystemError) {
            result = try Subprocess.run(command, input: input, environment: environment)
        } catch {
            throw Failure("\(error)")
        }
        if result.status == 0 { return result.output }
        let words = result.output.split(whereSeparator: \.isNewline).suffix(8).map { "  \($0)" }
        throw Failure(["\(command.prefix(3).joined(separator: " ")) failed:"] + words)
    }

    static func isInstalled(_ name: String) -> Bool {
        ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].contains { SettingFile.exists($0 + name) }
    }
}
