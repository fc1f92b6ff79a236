import Base
import Glibc
import JWT
import Settings
import TaskAPI

extension SetupRun {
    private static let site = "/etc/nginx/sites-available/todo-fcgi"
    private static let enabled = "/etc/nginx/sites-enabled/todo-fcgi"
    private static let certificate = "\(Installation.folder)/tls/certificate.pem"
    private static let certificateKey = "\(Installation.folder)/tls/key.pem"

    /// Writes the site's local configuration, enables the site, and reloads nginx.
    func prepareNginx() throws {
        guard answers.edge != .elsewhere else { return }
        Console.step("nginx")
        for part in ["http.d", "server.d", "headers.d"] { try Folder.make("\(Installation.nginx)/\(part)") }
        try writeListen()
        try writeOnce("upstream.conf", Self.upstream)
        try SettingFile.write(originsMap(), to: "\(Installation.nginx)/origins.conf")
        // Written once, so that the administrator can empty a file to disable its part.
        for (place, part) in [
            ("http.d/production.conf", "http-level"), ("server.d/limits.conf", "limits"),
            ("server.d/access-log.conf", "access-log"), ("headers.d/security.conf", "headers"),
        ] {
            try writeOnce(place, "include \(Installation.shared)/\(part).conf;\n")
        }
        guard SettingFile.exists(Self.site) else { throw Failure("\(Self.site) is missing: install the package again") }
        let isNew = !SettingFile.exists(Self.enabled)
        if isNew { _ = try checked("symlink", unsafe symlink(Self.site, Self.enabled)) }
        do {
            try Tool.run(["nginx", "-t", "-q"])
        } catch {
            // A site with an error must not keep nginx from serving the others.
            if isNew { unsafe unlink(Self.enabled) }
            throw error
        }
        try Pool.systemctl("enable", "--now", "--quiet", "nginx.service")
        try Pool.systemctl("reload", "nginx.service")
        Console.say("serves \(url)/ with \(Self.site)")
    }

    /// The service's base URL.
    var url: String {
        if case .plain(let address) = answers.edge { "http://\(address)" } else { "https://\(answers.domain)" }
    }

    private static let upstream = """
        # The workers of this machine. Several machines: see the handbook, /usr/share/doc/todo-fcgi/README.md.
        server unix:/run/todo-fcgi/tasks.sock;

        """

    private func writeListen() throws {
        let isIPv6 = SettingFile.exists("/proc/net/if_inet6")
        func both(_ port: Int, _ rest: String) -> String {
            "listen \(port)\(rest);\n" + (isIPv6 ? "listen [::]:\(port)\(rest);\n" : "")
        }
        var listen = "# Written by todo-fcgi setup.\n"
        let redirect = "\(Installation.nginx)/http.d/redirect.conf"
        switch answers.edge {
        case .elsewhere:
            return
        case .plain(let address):
            unsafe unlink(redirect)
            listen += "listen \(address);\nserver_name \(answers.domain) localhost;\n"
        case .selfSigned, .certificate:
            if answers.edge == .selfSigned { try makeCertificate() }
            var (certificate, key) = (Self.certificate, Self.certificateKey)
            if case .certificate(let given, let itsKey) = answers.edge { (certificate, key) = (given, itsKey) }
            listen += both(443, " ssl http2") + "server_name \(answers.domain);\n"
            listen += "ssl_certificate \(certificate);\nssl_certificate_key \(key);\n"
            listen += "include \(Installation.shared)/tls.conf;\n"
            let plain = both(80, "") + "server_name \(answers.domain);\ninclude \(Installation.shared)/redirect.conf;\n"
            try SettingFile.write("# Written by todo-fcgi setup.\nserver {\n\(plain)}\n", to: redirect)
        }
        try SettingFile.write(listen, to: "\(Installation.nginx)/listen.conf")
    }

    /// Creates a certificate for this host name that is valid for a year, unless there is one.
    private func makeCertificate() throws {
        try Folder.make("\(Installation.folder)/tls")
        let name = "DNS:\(answers.domain)"
        if SettingFile.exists(Self.certificate) {
            let known = try Tool.run(
                ["openssl", "x509", "-noout", "-checkend", "864000", "-ext", "subjectAltName", "-in", Self.certificate])
            if known.contains(name) { return }
        }
        let before = umask(0o077)
        defer { umask(before) }
        try Tool.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "397",
            "-subj", "/CN=\(answers.domain)", "-addext", "subjectAltName=\(name)",
            "-keyout", Self.certificateKey, "-out", Self.certificate,
        ])
        _ = try checked("chmod", unsafe chmod(Self.certificate, 0o644))
        Console.say("created a self-signed certificate: \(Self.certificate)")
    }

    private func originsMap() throws(Failure) -> String {
        guard let origins = try? AllowedOrigins(list: answers.origins) else { throw Failure("origins: malformed") }
        return "# Written by todo-fcgi setup from CORS_ORIGINS.\n"
            + origins.origins.map { "\"\($0)\" \"\($0)\";\n" }.joined()
    }

    private func writeOnce(_ name: String, _ text: String) throws {
        let path = "\(Installation.nginx)/\(name)"
        if !SettingFile.exists(path) { try SettingFile.write(text, to: path) }
    }

    // MARK: Test

    /// Sends requests through nginx, as a client would.
    func testURL() throws {
        guard answers.edge != .elsewhere else {
            Console.step("Set up; configure nginx yourself")
            Console.say("its upstream: unix:/run/todo-fcgi/tasks.sock; snippets: \(Installation.shared)")
            return
        }
        Console.step("Testing \(url)")
        try expect("200", "/ready", "")
        if let secret = try? TextFile.read("\(Installation.credentials)/BETTER_AUTH_SECRET") {
            let now = Int64(Clock.realTime / 1_000_000_000)
            let token = try SharedSecretSigner.mint(
                userID: "setup-trial", issuedAt: now, expiresIn: 60, secret: SharedSecret(secret))
            try expect("200", "/api/setup-trial/tasks", "header = \"Authorization: Bearer \(token)\"\n")
        }
        try expect("401", "/api/setup-trial/tasks", "")
        Console.step("Set up")
        Console.say("\(url)/ serves; create a token for tests with: todo-fcgi token --user NAME")
        Console.say("workers: systemctl status 'todo-fcgi@*'; log: journalctl -u 'todo-fcgi@*'; handbook:")
        Console.say("/usr/share/doc/todo-fcgi/README.md")
    }

    /// Sends one request; its header is passed on stdin, since every user can see arguments.
    private func expect(_ status: String, _ path: String, _ configuration: String) throws(Failure) {
        var command = ["curl", "-sS", "--noproxy", "*", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-K", "-"]
        if answers.edge == .selfSigned { command += ["--cacert", Self.certificate] }
        if case .plain = answers.edge {} else { command += ["--resolve", "\(answers.domain):443:127.0.0.1"] }
        var answer = ""
        // nginx's reload and a worker's first connection take a moment.
        for _ in 0..<20 {
            answer = (try? Tool.run(command + [url + path], input: .text(configuration))) ?? "no answer"
            if answer == status {
                return Console.say("\(path): \(status)\(configuration.isEmpty ? "" : ", with a token")")
            }
            usleep(250_000)
        }
        throw Failure([
            "\(url)\(path): \(answer), expected \(status)",
            "see the log: journalctl -u 'todo-fcgi@*' -n 20",
        ])
    }
}
