import Base
import Glibc
import Testing

@testable import Operations

@Suite("Settings of an installation")
struct InstallationTests {
    @Test("A file of settings is read as systemd reads it")
    func environment() {
        let text = """
            # a comment
            ; another
            A=1
            B="two words"
            C='quoted'
            D=a=b
            no assignment
            E=
            """
        #expect(
            EnvironmentText.variables(of: text) == ["A": "1", "B": "two words", "C": "quoted", "D": "a=b", "E": ""])
    }

    struct Change: Sendable {
        let name: String
        let value: String?
        let expected: String
    }

    @Test(
        "A setting is changed in place; other lines stay unchanged",
        arguments: [
            Change(name: "A", value: "2", expected: "# about A\nA=2\nB=1\n"),
            Change(name: "C", value: "two words", expected: "# about A\nA=1\nB=1\nC=\"two words\"\n"),
            Change(name: "A", value: nil, expected: "# about A\nB=1\n"),
            Change(name: "C", value: nil, expected: "# about A\nA=1\nB=1\n"),
        ])
    func change(change: Change) {
        let text = "# about A\nA=1\nB=1\n\n"
        #expect(EnvironmentText.setting(change.name, to: change.value, in: text) == change.expected)
    }

    @Test("A file is written only when it changes, and with the given mode")
    func writing() throws {
        let path = "/tmp/todo-fcgi-setting-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        #expect(try SettingFile.write("one\n", to: path, mode: 0o600))
        #expect(try !SettingFile.write("one\n", to: path, mode: 0o600))
        #expect(try SettingFile.write("two\n", to: path, mode: 0o640))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(try TextFile.read(path) == "two")
    }

    @Test(
        "A program gets its input and environment, and its output and status are returned",
        arguments: [
            ("cat", "hello\n", Int32(0), "hello"), ("echo $WORD; exit 3", "", 3, "word"), ("kill -9 $$", "", 137, ""),
        ])
    func subprocess(script: String, input: String, status: Int32, output: String) throws {
        let result = try Subprocess.run(["sh", "-c", script], input: .text(input), environment: ["WORD": "word"])
        #expect(result.status == status && result.output == output)
    }

    @Test("A folder is created with its parents, and its names are listed")
    func folders() throws {
        let path = "/tmp/todo-fcgi-folder-\(getpid())-\(UInt64.random(in: .min ... .max))"
        defer { for part in ["/a/b", "/a/file", "/a", ""] { remove(path + part) } }
        try Folder.make("\(path)/a/b")
        try Folder.make("\(path)/a/b")
        try SettingFile.write("text\n", to: "\(path)/a/file")
        #expect(try Folder.names(in: "\(path)/a").sorted() == [".", "..", "b", "file"])
        #expect(throws: SystemError("opendir", code: ENOENT)) { try Folder.names(in: "\(path)/none") }
        #expect(throws: SystemError("mkdir \(path)/a/file/c", code: ENOTDIR)) { try Folder.make("\(path)/a/file/c") }
    }
}
