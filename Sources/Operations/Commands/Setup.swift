import ArgumentParser
import Base
import Glibc
import Settings

/// Makes a packaged installation serve.
struct Setup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Set this machine up: database, secret, nginx, workers; ends with a URL that was tried.",
        discussion: """
            For a machine with systemd on which the Debian package is installed, as root. In a terminal it asks; \
            without one, or with --yes, flags and what an earlier run decided take the place of answers. It can be run \
            again at any time: what is there is kept unless it is told otherwise, and tasks are never touched.

            Secrets are never taken from the command line, which every user can see: BETTER_AUTH_SECRET, DATABASE_URL \
            and DATABASE_MIGRATION_URL may be set in the environment, or in files named by the same with _FILE.
            """
    )

    @Flag(name: .shortAndLong, help: "Ask nothing.")
    var yes = false

    @Flag(help: "Make a database and its two roles in this machine's PostgreSQL.")
    var localDatabase = false

    @Option(help: ArgumentHelp("The name that clients use.", valueName: "name"))
    var domain: String?

    @Option(help: ArgumentHelp("The certificate with its chain, as PEM.", valueName: "path"))
    var certificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, as PEM.", valueName: "path"))
    var certificateKey: String?

    @Flag(help: "Make a certificate that nobody vouches for.")
    var selfSigned = false

    @Option(
        help: ArgumentHelp(
            "Speak plain HTTP there, behind something that speaks TLS: 127.0.0.1:8080.", valueName: "address"))
    var plain: String?

    @Flag(help: "Leave nginx alone; it runs elsewhere.")
    var noNginx = false

    @Option(help: ArgumentHelp("Origins of web pages that may call, separated by commas.", valueName: "list"))
    var origins: String?

    @Option(help: ArgumentHelp("How many workers; one a core by default.", valueName: "number"))
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
            throw ValidationError("--set \(setting): NAME=value is wanted")
        }
        for name in Installation.secrets where settings.contains(where: { $0.hasPrefix("\(name)=") }) {
            throw ValidationError("--set \(name): the command line is no place for it; use the environment")
        }
    }

    func run() throws {
        guard geteuid() == 0 else { throw Failure("it changes the system: run it as root") }
        guard SettingFile.exists("/run/systemd/system") else {
            throw Failure("systemd does not run here; deploy/up and the handbook tell how to go without it")
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
