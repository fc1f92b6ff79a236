import Base
import Glibc
import Testing

@testable import Settings

@Suite("Settings in files")
struct SecretTests {
    private func problems(_ environment: [String: String], _ work: (inout SettingsReader) -> Void) -> [String] {
        var reader = SettingsReader(environment)
        work(&reader)
        return reader.problems
    }

    @Test(
        "A file's text is read without the line breaks at its end",
        arguments: [
            ("value", "value"), ("value\n", "value"), ("value\r\n\n", "value"), (" a b \n", " a b "), ("ä\nb", "ä\nb"),
        ])
    func file(_ content: String, _ value: String) throws {
        let file = try File(Array(content.utf8))
        var reader = SettingsReader(["DATABASE_URL_FILE": file.path])
        #expect(reader.textOrFile("DATABASE_URL") == value)
        #expect(reader.problems.isEmpty)
    }

    @Test(
        "A file that cannot be used is reported",
        arguments: [
            ([], "the file is empty"), (Array("\n".utf8), "the file is empty"), ([0xC3, 0x28], "read: "),
            ([UInt8](repeating: 65, count: 65_536), "read: File too large"),
        ])
    func unusable(_ content: [UInt8], _ reason: String) throws {
        let file = try File(content)
        let problems = problems(["BETTER_AUTH_SECRET_FILE": file.path]) {
            #expect($0.secret("BETTER_AUTH_SECRET", isRequired: true) == nil)
        }
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("BETTER_AUTH_SECRET_FILE: \(reason)") == true)
    }

    @Test(
        "A missing file, or a folder, is reported once, and not as an unset variable",
        arguments: ["/nowhere", "/"])
    func missing(_ path: String) {
        let problems = problems(["DATABASE_URL_FILE": path, "BETTER_AUTH_SECRET_FILE": path]) {
            _ = $0.secret("BETTER_AUTH_SECRET", isRequired: true)
            _ = DatabaseSettings(&$0)
        }
        #expect(problems.map { $0.prefix { $0 != ":" } } == ["BETTER_AUTH_SECRET_FILE", "DATABASE_URL_FILE"])
    }

    @Test("A setting that is both in a variable and in a file is reported")
    func both() throws {
        let file = try File(Array(goodSecret.utf8))
        for name in ["BETTER_AUTH_SECRET", "BETTER_AUTH_SECRET_PREVIOUS"] {
            let problems = problems([name: goodSecret, name + "_FILE": file.path]) {
                _ = $0.secret(name, isRequired: false)
            }
            #expect(problems == ["\(name) and \(name)_FILE are both set: keep one"])
        }
        for name in ["DATABASE_URL", "DATABASE_MIGRATION_URL"] {
            var environment = ["DATABASE_URL": "postgresql://", name + "_FILE": file.path]
            environment[name] = "postgresql://"
            #expect(
                problems(environment) { _ = DatabaseSettings(&$0) }
                    == ["\(name) and \(name)_FILE are both set: keep one"])
        }
    }

    @Test(
        "A secret that is too short or repetitive is refused, without showing it",
        arguments: [
            (String(repeating: "a1", count: 15) + "b", "at least 32 bytes"),
            (String(repeating: "ab", count: 40), "weak"),
            (String(repeating: "1234567", count: 10), "weak"),
        ])
    func badSecret(_ secret: String, _ reason: String) {
        let problems = problems(["BETTER_AUTH_SECRET": secret]) {
            #expect($0.secret("BETTER_AUTH_SECRET", isRequired: true) == nil)
        }
        #expect(problems.count == 1)
        #expect(problems.first?.contains(reason) == true)
        #expect(problems.first?.contains(secret) == false)
    }

    @Test("A secret that is not set is reported only if it is required")
    func unset() {
        let required = problems([:]) { _ = $0.secret("BETTER_AUTH_SECRET", isRequired: true) }
        #expect(required.count == 1 && required.first?.hasPrefix("BETTER_AUTH_SECRET is not set") == true)
        #expect(problems([:]) { _ = $0.secret("BETTER_AUTH_SECRET_PREVIOUS", isRequired: false) }.isEmpty)
    }

    @Test("A systemd credential is used where nothing else is set, and an empty one counts as not set")
    func credentials() throws {
        var template = Array("/tmp/todo-fcgi-credentials-XXXXXX".utf8CString)
        let folder = try String(cString: #require(mkdtemp(&template)))
        defer { for name in ["FULL", "EMPTY", ""] { remove("\(folder)/\(name)") } }
        try OpenFile("\(folder)/FULL", O_WRONLY | O_CREAT, mode: 0o600).write(Array("from systemd\n".utf8))
        try OpenFile("\(folder)/EMPTY", O_WRONLY | O_CREAT, mode: 0o600).write([UInt8(ascii: "\n")])
        var reader = SettingsReader(["CREDENTIALS_DIRECTORY": folder, "SET": "variable"])
        #expect(reader.textOrFile("FULL") == "from systemd")
        #expect(reader.textOrFile("EMPTY") == nil)
        #expect(reader.textOrFile("MISSING") == nil)
        #expect(reader.textOrFile("SET") == "variable")
        #expect(reader.problems.isEmpty)
    }
}

/// A file for one test.
private final class File {
    let path: String

    init(_ content: [UInt8]) throws {
        var template = Array("/tmp/todo-fcgi-tests-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(descriptor >= 0 && write(descriptor, content, content.count) == content.count)
        close(descriptor)
    }

    deinit {
        unlink(path)
    }
}
