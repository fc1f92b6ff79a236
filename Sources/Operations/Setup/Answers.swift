import Base
import Glibc
import Settings
import TaskAPI

/// The parameters of `setup`, complete before it changes anything: from flags, answers or the last run.
struct Answers {
    /// The database of the tasks.
    enum Database {
        /// In this machine's PostgreSQL, with a role for workers and one that owns the schema.
        case local
        /// Elsewhere; the second URL is nil where one role does both.
        case urls(runtime: String, owner: String?)
        /// The one that is set up already.
        case asBefore
    }

    /// The proxy between clients and workers.
    enum Edge: Equatable {
        /// One that `setup` does not configure.
        case elsewhere
        /// nginx on an address of this machine, without TLS.
        case plain(String)
        /// nginx with a certificate that `setup` creates.
        case selfSigned
        /// nginx with a certificate from elsewhere.
        case certificate(String, key: String)
    }

    let database: Database
    /// The shared secret; nil to keep the present one.
    let secret: String?
    let makesSecret: Bool
    let edge: Edge
    let domain: String
    let origins: String
    let workers: Int
    let settings: [(name: String, value: String)]

    /// Asks for everything that the flags do not determine, if the terminal is interactive.
    init(_ flags: Setup) throws(Failure) {
        let asks = Console.isInteractive && !flags.yes
        let before = EnvironmentText.variables(of: (try? TextFile.read(Installation.environmentFile)) ?? "")
        let last = EnvironmentText.variables(of: (try? TextFile.read(SetupRun.answersFile)) ?? "")
        var reader = SettingsReader()
        if asks {
            print(
                "This sets up \(Program.name) \(Program.version). Nothing is changed until all questions are answered.\n"
            )
        }
        database = try Self.database(flags, &reader, asks)
        var settings = flags.settings.map { setting in
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: String(parts[1]))
        }
        let issuers = ["BETTER_AUTH_URL", "JWKS_URL", "JWKS_FILE"]
        var hasIssuer = issuers.contains { name in
            settings.last { $0.name == name }.map { !$0.value.isEmpty } ?? (before[name] != nil)
        }
        if asks, !hasIssuer {
            let url = try Console.ask(
                "\nURL of the application whose public keys sign tokens (BETTER_AUTH_URL); empty: a shared secret")
            if !url.isEmpty { settings.append(("BETTER_AUTH_URL", url)) }
            hasIssuer = !url.isEmpty
        }
        self.settings = settings
        (secret, makesSecret) = try Self.secret(&reader, asks, hasIssuer)
        try reader.check()
        domain = try Self.domain(flags, last, asks)
        edge = try Self.edge(flags, domain, last, asks)
        origins = try Self.origins(flags, domain, before, asks)
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let usual = try Pool.enabled().count
        var count = flags.workers ?? (usual > 0 ? usual : cores)
        if asks, flags.workers == nil {
            count = Int(try Console.ask("Workers, one per core", default: "\(count)")) ?? 0
        }
        guard (1...64).contains(count) else { throw Failure("workers: a number from 1 to 64") }
        workers = count
        if asks { print("") }
    }

    private static func database(
        _ flags: Setup, _ reader: inout SettingsReader, _ asks: Bool
    ) throws(Failure) -> Database {
        if flags.localDatabase { return .local }
        if let url = reader.textOrFile("DATABASE_URL") {
            return .urls(runtime: url, owner: reader.textOrFile("DATABASE_MIGRATION_URL"))
        }
        let hasOne = SettingFile.exists("\(Installation.credentials)/DATABASE_URL")
        let hasServer = SettingFile.exists(SetupRun.localServer)
        if asks {
            var choices: [(String, Database?)] = []
            if hasOne { choices.append(("the one that is set up", .asBefore)) }
            if hasServer { choices.append(("a database in this machine's PostgreSQL, created if missing", .local)) }
            choices.append(("another database, by its URL", nil))
            let choice = try Console.choose("Which database holds the tasks?", choices.map(\.0))
            if let known = choices[choice].1 { return known }
            let runtime = try Console.askHidden("DATABASE_URL, postgresql://user:password@host/database (not shown)")
            let owner = try Console.askHidden(
                "DATABASE_MIGRATION_URL, of the role that owns the schema; empty for the same (not shown)")
            return .urls(runtime: runtime, owner: owner.isEmpty ? nil : owner)
        }
        if hasOne { return .asBefore }
        guard hasServer else {
            throw Failure([
                "no database: install one here (apt install postgresql),",
                "or set DATABASE_URL and DATABASE_MIGRATION_URL in the environment",
            ])
        }
        return .local
    }

    /// A given secret, or whether to generate one.
    private static func secret(
        _ reader: inout SettingsReader, _ asks: Bool, _ hasIssuer: Bool
    ) throws(Failure) -> (String?, Bool) {
        if let secret = reader.textOrFile("BETTER_AUTH_SECRET") {
            _ = reader.secret("BETTER_AUTH_SECRET", isRequired: true)
            return (secret, false)
        }
        let hasOne = SettingFile.exists("\(Installation.credentials)/BETTER_AUTH_SECRET")
        guard asks else { return (nil, !hasOne && !hasIssuer) }
        let fallback = hasOne ? "keep the present one" : hasIssuer ? "none" : "generate one"
        while true {
            let text = try Console.askHidden("\nBETTER_AUTH_SECRET of the application (not shown); empty: \(fallback)")
            if text.isEmpty { return (nil, !hasOne && !hasIssuer) }
            var judge = SettingsReader(["BETTER_AUTH_SECRET": text])
            _ = judge.secret("BETTER_AUTH_SECRET", isRequired: true)
            if judge.problems.isEmpty { return (text, false) }
            for problem in judge.problems { print("  \(problem)") }
        }
    }

    private static func edge(
        _ flags: Setup, _ domain: String, _ last: [String: String], _ asks: Bool
    ) throws(Failure) -> Edge {
        if flags.noNginx { return .elsewhere }
        guard Tool.isInstalled("nginx") else {
            throw Failure("nginx is not installed: apt install nginx, or --no-nginx")
        }
        if let address = flags.plain { return .plain(address) }
        if flags.selfSigned { return .selfSigned }
        if let certificate = flags.certificate, let key = flags.certificateKey {
            for path in [certificate, key] where !SettingFile.exists(path) { throw Failure("\(path) is not there") }
            return .certificate(certificate, key: key)
        }
        let before = Edge(last)
        guard asks else { return before ?? .selfSigned }
        var choices: [(String, Edge?)] = before.map { [("as before: \($0)", $0)] } ?? []
        choices.append(("HTTPS with a certificate that I have", nil))
        choices.append(("HTTPS with a self-signed certificate, to begin with", .selfSigned))
        choices.append(("HTTP on 127.0.0.1:8080, behind a TLS proxy", .plain("127.0.0.1:8080")))
        choices.append(("nginx is elsewhere or configured by hand", .elsewhere))
        // A self-signed certificate by default, which needs no further answers.
        let choice = try Console.choose(
            "\nHow do clients connect?", choices.map(\.0), default: before == nil ? 1 : 0)
        if let known = choices[choice].1 { return known }
        let certificate = try Console.ask(
            "Certificate with its chain (PEM)", default: "/etc/letsencrypt/live/\(domain)/fullchain.pem")
        let key = try Console.ask("Its key (PEM)", default: certificate.replacing("fullchain", with: "privkey"))
        for path in [certificate, key] where !SettingFile.exists(path) { throw Failure("\(path) is not there") }
        return .certificate(certificate, key: key)
    }

    private static func domain(
        _ flags: Setup, _ last: [String: String], _ asks: Bool
    ) throws(Failure) -> String {
        var name = flags.domain ?? last["DOMAIN"] ?? "localhost"
        if asks, flags.domain == nil { name = try Console.ask("\nHost name that clients use", default: name) }
        let isName =
            !name.isEmpty && name.utf8.count <= 253
            && name.utf8.allSatisfy { $0 == 0x2D || $0 == 0x2E || isAlphanumeric($0) }
        guard isName else { throw Failure("\(name) is not a host name") }
        return name
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func origins(
        _ flags: Setup, _ domain: String, _ before: [String: String], _ asks: Bool
    ) throws(Failure) -> String {
        var list = flags.origins ?? before["CORS_ORIGINS"] ?? "https://\(domain)"
        if asks, flags.origins == nil {
            list = try Console.ask("Origins of web pages that may call the API, separated by commas", default: list)
        }
        do throws(OriginError) {
            return try AllowedOrigins(list: list).origins.joined(separator: ",")
        } catch {
            throw Failure(
                "\(error.origin.debugDescription) is not an origin such as https://app.example.com; * is not allowed")
        }
    }
}

extension Answers.Edge: CustomStringConvertible {
    /// Reads the edge that the last run stored.
    init?(_ last: [String: String]) {
        switch last["EDGE"] {
        case "elsewhere": self = .elsewhere
        case "self-signed": self = .selfSigned
        case "plain": self = .plain(last["ADDRESS"] ?? "127.0.0.1:8080")
        case "certificate":
            guard let certificate = last["CERTIFICATE"], let key = last["CERTIFICATE_KEY"] else { return nil }
            self = .certificate(certificate, key: key)
        default: return nil
        }
    }

    /// The variables to store for the next run.
    var notes: [(String, String)] {
        switch self {
        case .elsewhere: [("EDGE", "elsewhere")]
        case .selfSigned: [("EDGE", "self-signed")]
        case .plain(let address): [("EDGE", "plain"), ("ADDRESS", address)]
        case .certificate(let certificate, let key):
            [("EDGE", "certificate"), ("CERTIFICATE", certificate), ("CERTIFICATE_KEY", key)]
        }
    }

    var description: String {
        switch self {
        case .elsewhere: "nginx elsewhere"
        case .plain(let address): "HTTP on \(address)"
        case .selfSigned: "HTTPS with a self-signed certificate"
        case .certificate(let certificate, _): "HTTPS with \(certificate)"
        }
    }
}
