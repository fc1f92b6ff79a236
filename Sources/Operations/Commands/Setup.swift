import ArgumentParser
import Base
import Glibc
import Settings

/// Configures an installed package.
struct Setup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Set up this machine: database, secret, nginx, workers; finally test the URL.",
        discussion: """
            For a machine with systemd on which the Debian package is installed, as root. In a terminal it asks \
            questions; without one, or with --yes, it uses flags and the answers of the last run. It can be run again \
            at any time: existing settings are kept unless flags change them, and tasks are never changed.

            Secrets are never read from the command line, which every user can see: BETTER_AUTH_SECRET, DATABASE_URL \
            and DATABASE_MIGRATION_URL may be set in the environment, or in files named by the same with _FILE.
            """
    )

    @Flag(name: .shortAndLong, help: "Ask nothing.")
    var yes = false

    @Flag(help: "Create a database and its two roles in this machine's PostgreSQL.")
    var localDatabase = false

    @Option(help: ArgumentHelp("The host name that clients use.", valueName: "name"))
    var domain: String?

    @Option(help: ArgumentHelp("The certificate with its chain, as PEM.", valueName: "path"))
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, as PEM.", valueName: "path"))
    var certificateKey: String?

    @Flag(help: "Create a self-signed certificate.")
    var selfSigned = false

    @Option(
        help: ArgumentHelp(
            "Serve plain HTTP at this address, behind a TLS proxy: 127.0.0.1:8080.", valueName: "address"))
    var plain: String?

    @Flag(help: "Do not configure nginx; it runs elsewhere.")
    var noNginx = false

    @Option(help: ArgumentHelp("Origins of web pages that may call the API, separated by commas.", valueName: "list"))
    var origins: String?

    @Option(help: ArgumentHelp("How many workers; one per core by default.", valueName: "number"))
    var workers: Int?

    @Option(name: .customLong("set"), help: ArgumentHelp("Another setting of the service.", valueName: "NAME=value"))
    var settings: [String] = []

    func validate() throws {
        if let workers, !(1...64).contains(workers) { throw ValidationError("--workers: 1 to 64") }
        if (certificate == nil) != (certificateKey == nil) {
            throw ValidationError("--certificate and --certificate-key belong together")
        }
        let edges = [certificate != nil, selfSigned, plain != nil, noNginx].filter { $0 }.count
        if edges > 1 { throw ValidationError("one of --certificate, --self-signed, --plain and --no-nginx") }
        for setting in settings where !setting.contains("=") {
            throw ValidationError("--set \(setting): expected NAME=value")
        }
        for name in Installation.secrets where settings.contains(where: { $0.hasPrefix("\(name)=") }) {
            throw ValidationError("--set \(name): every user can see the command line; use the environment")
        }
    }

    func run() throws {
        guard geteuid() == 0 else { throw Failure("setup changes the system: run it as root") }
        guard SettingFile.exists("/run/systemd/system") else {
            throw Failure("systemd does not run here; see deploy/up and the handbook for a setup without it")
        }
        guard SettingFile.exists(Installation.shared) else {
            throw Failure("the Debian package is not installed: apt install ./todo-fcgi_*.deb")
        }
        umask(0o022)
        let answers = try Answers(self)
        do {
            try SetupRun(answers: answers).run()
        } catch let error as SystemError {
            throw Failure("\(error)")
        }
    }
}
