import Base
import EventLoop
import Glibc
import JWT
import Settings
import Testing

@testable import todo_fcgi

@Suite("The key of user hashes")
struct UserHashKeyTests {
    /// A directory of this test's own.
    private let directory: String

    init() {
        var template = Array("/tmp/user-hash-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func read(_ environment: [String: String]) -> (settings: Settings, problems: [String]) {
        var reader = SettingsReader(environment.merging(["DATABASE_URL": "postgresql://x/y"]) { $1 })
        let settings = Settings(&reader)
        return (settings, reader.problems)
    }

    /// A hash that identifies the key.
    private func hash(_ environment: [String: String]) throws -> [UInt8] {
        var hashes = try UserHashes(key: UserHashKey.load(read(environment).settings.identity))
        let digits = hashes.digits(of: "ada")
        return digits.indices.map { digits[$0] }
    }

    @Test("Without a secret a key is created once, readable by its owner only, and then read")
    func made() throws {
        let environment = ["JWKS_FILE": "/x", "TODO_STATE_DIR": directory]
        let first = try hash(environment)
        #expect(try hash(environment) == first)
        var status = stat()
        #expect(stat("\(directory)/user-hash.key", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(status.st_size == 32)
        unlink("\(directory)/user-hash.key")
        #expect(try hash(environment) != first)
        #expect(rmdir(directory) != 0 && errno == ENOTEMPTY)
        unlink("\(directory)/user-hash.key")
        #expect(rmdir(directory) == 0, "no drafts are left behind")
    }

    @Test("A file that others can read, a symbolic link, and a file that is too short are refused")
    func refused() throws {
        let environment = ["JWKS_FILE": "/x", "TODO_STATE_DIR": directory]
        let path = "\(directory)/user-hash.key"
        _ = try hash(environment)
        chmod(path, 0o640)
        #expect(throws: SystemError("open", code: EPERM)) { try hash(environment) }
        chmod(path, 0o600)
        rename(path, path + ".moved")
        symlink(path + ".moved", path)
        #expect(throws: SystemError("open", code: ELOOP)) { try hash(environment) }
        unlink(path)
        rename(path + ".moved", path)
        truncate(path, 31)
        #expect(throws: KeySetError.secretTooShort(bytes: 31)) { try hash(environment) }
    }

    @Test("With a secret the key is derived from it, and nothing is written")
    func derived() throws {
        let secrets = (0..<2).map { "k33p-this-secret-for-the-tests-only-012345678\($0)" }
        let hashes = try secrets.map { try hash(["BETTER_AUTH_SECRET": $0, "TODO_STATE_DIR": directory]) }
        #expect(try hash(["BETTER_AUTH_SECRET": secrets[0]]) == hashes[0])
        #expect(hashes[0] != hashes[1])
        #expect(rmdir(directory) == 0)
    }

    @Test(
        "TODO_USER_HASH needs a secret or a state directory",
        arguments: [
            (["JWKS_FILE": "/x"], ["TODO_USER_HASH needs a key: "]),
            (["JWKS_FILE": "/x", "TODO_STATE_DIR": "/tmp"], []),
            (["BETTER_AUTH_SECRET": "k33p-this-secret-for-the-tests-only-0123456789"], []),
        ])
    func needed(environment: [String: String], expected: [String]) {
        #expect(read(environment).problems.isEmpty)
        let problems = read(environment.merging(["TODO_USER_HASH": "on"]) { $1 }).problems
        #expect(problems.count == expected.count)
        for (problem, start) in zip(problems, expected) { #expect(problem.hasPrefix(start)) }
    }
}
