import Logging
import TaskAPI
import Testing

@testable import JWT
@testable import Settings

@Suite("Settings")
struct SettingsTests {
    private static let good = ["BETTER_AUTH_SECRET": goodSecret, "DATABASE_URL": "postgresql://todo@localhost/todo"]

    /// The settings from the required variables and others.
    private func read(_ more: [String: String] = [:]) -> (settings: Settings, problems: [String]) {
        var reader = SettingsReader(Self.good.merging(more) { $1 })
        let settings = Settings(&reader)
        return (settings, reader.problems)
    }

    @Test("With only a secret and a database set, everything else has its default")
    func defaults() {
        let (settings, problems) = read()
        #expect(problems.isEmpty)
        #expect(settings.requestTimeout == 10_000_000_000)
        #expect(settings.drainTimeout == 10_000_000_000)
        #expect(settings.slowRequest == 1_000_000_000)
        #expect(settings.maximumInFlight == 1_024)
        #expect(settings.logLevel == .info)
        #expect(settings.api.listShape == .array && settings.api.deleteStatus == .noContent)
        #expect(settings.api.origins.origins == ["http://localhost:3000"])
        #expect(settings.database.url == "postgresql://todo@localhost/todo")
        #expect(settings.database.migrationURL == settings.database.url)
        #expect(settings.database.readConnections == 2 && settings.database.writeConnections == 4)
        #expect(settings.identity.secret != nil && settings.identity.previous == nil)
        #expect(settings.identity.claims.userPaths == [["sub"], ["user_id"], ["userId"], ["id"], ["user", "id"]])
        #expect(settings.identity.claims.issuers.isEmpty && settings.identity.claims.audiences.isEmpty)
        #expect(settings.identity.claims.leeway == 5)
    }

    @Test("A variable that is empty counts as not set")
    func empty() {
        let names = Self.numbers.map { $0.name } + Self.words.map { $0.name }
        let (settings, problems) = read(
            Dictionary(uniqueKeysWithValues: (names + ["CORS_ORIGINS", "JWT_ISSUER"]).map { ($0, "") }))
        #expect(problems.isEmpty)
        #expect(settings.maximumInFlight == 1_024)
        #expect(settings.api.origins == .development)
    }

    // MARK: Numbers and words

    struct Number: CustomTestStringConvertible, Sendable {
        let name: String
        let valid: [String: UInt64]
        let invalid: [String]
        let value: @Sendable (Settings) -> UInt64
        var testDescription: String { name }
    }

    private static let noNumbers = ["x", "-1", "1 0", "ten", "0x", "1,5", "nan", "inf", "1e99", "99999999999999999999"]

    private static let numbers = [
        Number(name: "TODO_READ_CONNECTIONS", valid: ["1": 1, "32": 32, "+5": 5], invalid: ["0", "33", "1.5"]) {
            UInt64($0.database.readConnections)
        },
        Number(name: "TODO_HEAVY_READ_CONNECTIONS", valid: ["1": 1, "32": 32], invalid: ["0", "33", "1.5"]) {
            UInt64($0.database.heavyReadConnections)
        },
        Number(name: "TODO_WRITE_CONNECTIONS", valid: ["1": 1, "32": 32], invalid: ["0", "33", "1.5"]) {
            UInt64($0.database.writeConnections)
        },
        Number(name: "TODO_MAX_IN_FLIGHT", valid: ["1": 1, "100000": 100_000], invalid: ["0", "100001", "0.5"]) {
            UInt64($0.maximumInFlight)
        },
        Number(name: "JWT_LEEWAY", valid: ["0": 0, "60": 60], invalid: ["61", "30.0"]) {
            UInt64($0.identity.claims.leeway)
        },
        Number(
            name: "TODO_REQUEST_TIMEOUT", valid: ["0.1": 100_000_000, "300": 300_000_000_000, "2.5": 2_500_000_000],
            invalid: ["0", "0.09", "300.1"]
        ) { $0.requestTimeout },
        Number(
            name: "TODO_DRAIN_TIMEOUT", valid: ["0": 0, "300": 300_000_000_000, "1.25": 1_250_000_000],
            invalid: ["300.1"]
        ) { $0.drainTimeout },
        Number(
            name: "TODO_SLOW_REQUEST", valid: ["0.001": 1_000_000, "300": 300_000_000_000],
            invalid: ["0", "0.0009", "301"]
        ) { $0.slowRequest },
    ]

    @Test("A number within its bounds is accepted; any other text is reported with the bounds", arguments: numbers)
    func number(_ number: Number) {
        for (text, value) in number.valid {
            let (settings, problems) = read([number.name: text])
            #expect(problems.isEmpty, "\(text)")
            #expect(number.value(settings) == value, "\(text)")
        }
        for text in number.invalid + Self.noNumbers {
            let (settings, problems) = read([number.name: text])
            #expect(problems.count == 1, "\(text)")
            #expect(problems.first?.hasPrefix("\(number.name) must be a ") == true)
            #expect(number.value(settings) == number.value(read().settings))
        }
    }

    struct Word: CustomTestStringConvertible, Sendable {
        let name: String
        let valid: [String: String]
        let value: @Sendable (Settings) -> String
        var testDescription: String { name }
    }

    private static let words = [
        Word(name: "TODO_LIST_SHAPE", valid: ["array": "array", "object": "object"]) { "\($0.api.listShape)" },
        Word(name: "TODO_DELETE_STATUS", valid: ["204": "noContent", "200": "message"]) { "\($0.api.deleteStatus)" },
        Word(
            name: "TODO_LOG_LEVEL",
            valid: ["debug": "debug", "info": "info", "warning": "warning", "error": "error"]
        ) { "\($0.logLevel)" },
    ]

    @Test("One of the allowed words is accepted; any other text is reported with the words", arguments: words)
    func word(_ word: Word) {
        for (text, value) in word.valid {
            let (settings, problems) = read([word.name: text])
            #expect(problems.isEmpty)
            #expect(word.value(settings) == value)
        }
        for text in ["x", "Array", " array", "DEBUG", "404", "trace"] {
            let (_, problems) = read([word.name: text])
            #expect(problems.count == 1, "\(text)")
            #expect(problems.first?.hasPrefix("\(word.name) must be one of: ") == true)
            for valid in word.valid.keys { #expect(problems.first?.contains(valid) == true) }
        }
    }

    // MARK: Lists

    @Test("Claims, issuers and audiences are lists, with spaces around their items trimmed")
    func lists() {
        let (settings, problems) = read([
            "JWT_USER_CLAIMS": " uid , https://example.com/user,,", "JWT_ISSUER": "https://a.example,https://b.example",
            "JWT_AUDIENCE": "tasks",
        ])
        #expect(problems.isEmpty)
        #expect(settings.identity.claims.userPaths == [["uid"], ["https://example.com/user"]])
        #expect(settings.identity.claims.issuers == ["https://a.example", "https://b.example"])
        #expect(settings.identity.claims.audiences == ["tasks"])
        #expect(read(["JWT_USER_CLAIMS": " , "]).settings.identity.claims.userPaths.first == ["sub"])
        let many = (0..<65).map { "c\($0)" }.joined(separator: ",")
        #expect(read(["JWT_USER_CLAIMS": many]).problems.count == 1)
    }

    @Test(
        "Origins are separated by commas, or a JSON list",
        arguments: [
            ("https://app.example.com", ["https://app.example.com"]),
            ("http://localhost:3000/", ["http://localhost:3000"]),
            (" https://a.example , https://b.example:8443, ", ["https://a.example", "https://b.example:8443"]),
            (#"["https://a.example", "https://b.example"]"#, ["https://a.example", "https://b.example"]),
            (#" ["https://a.example"] "#, ["https://a.example"]),
            ("['https://a.example','https://b.example/']", ["https://a.example", "https://b.example"]),
            ("\"https://a.example\"", ["https://a.example"]),
            ("http://[::1]:3000", ["http://[::1]:3000"]),
            (#"["http://[::1]", "http://[::1]:3000"]"#, ["http://[::1]", "http://[::1]:3000"]),
            ("https://a.example,http://[::1]", ["https://a.example", "http://[::1]"]),
            ("[]", []),
        ])
    func origins(_ list: String, _ origins: [String]) {
        let (settings, problems) = read(["CORS_ORIGINS": list])
        #expect(problems.isEmpty)
        #expect(settings.api.origins.origins == origins)
    }

    @Test("The origins come from the first variable that is set")
    func originsByName() {
        let names = ["CORS_ORIGINS", "ALLOWED_ORIGINS", "FRONTEND_URL"]
        for first in names.indices {
            let set = Dictionary(uniqueKeysWithValues: names[first...].map { ($0, "https://\($0).example") })
            #expect(read(set).settings.api.origins.origins == ["https://\(names[first]).example"])
        }
    }

    @Test(
        "A text that is not an origin is reported",
        arguments: [
            "*", "[\"*\"]", "null", "app.example.com", "https://", "https://a.example/path", "https://*.example",
            "https://a.example https://b.example", "https://a.example,*",
        ])
    func noOrigins(_ list: String) {
        #expect(read(["CORS_ORIGINS": list]).problems.map { $0.prefix(12) } == ["CORS_ORIGINS"])
        #expect(read(["FRONTEND_URL": list]).problems.map { $0.prefix(12) } == ["FRONTEND_URL"])
    }

    // MARK: All at once

    @Test("All problems are reported at once")
    func allProblems() {
        var environment = [
            "CORS_ORIGINS": "*", "BETTER_AUTH_SECRET": "short", "DATABASE_MIGRATION_URL_FILE": "/nowhere",
        ]
        for number in Self.numbers { environment[number.name] = "x" }
        for word in Self.words { environment[word.name] = "x" }
        var reader = SettingsReader(environment)
        _ = Settings(&reader)
        let names = environment.keys.sorted() + ["DATABASE_URL"]
        #expect(reader.problems.count == names.count)
        for name in names { #expect(reader.problems.contains { $0.hasPrefix(name) }, "\(name)") }
        #expect(throws: Failure.self) { try reader.check() }
    }

    @Test("No problem contains a secret, whatever variable holds it")
    func secretsStaySecret() {
        let value = "hunter2-hunter2*"
        var names = Self.numbers.map { $0.name } + Self.words.map { $0.name }
        names += ["CORS_ORIGINS", "ALLOWED_ORIGINS", "FRONTEND_URL", "BETTER_AUTH_SECRET"]
        names += ["BETTER_AUTH_SECRET_PREVIOUS", "BETTER_AUTH_SECRET_FILE", "DATABASE_URL_FILE"]
        names += ["DATABASE_MIGRATION_URL_FILE", "BETTER_AUTH_SECRET_PREVIOUS_FILE"]
        for name in names {
            let (_, problems) = read([name: value])
            #expect(!problems.isEmpty, "\(name)")
            #expect(problems.allSatisfy { !$0.contains("hunter2") }, "\(name)")
        }
    }
}

let goodSecret = "Zm9vYmFyYmF6cXV4-0123456789-abcdefghij"
