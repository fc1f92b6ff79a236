import ArgumentParser
import EventLoop
import JWT

/// Mints a development token.
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print an HS256 token for a user, signed with BETTER_AUTH_SECRET.",
        discussion: "For development and tests: in production, tokens come from Better Auth."
    )

    @Option(help: ArgumentHelp("The user's id, as in the path /api/{user_id}/tasks.", valueName: "id"))
    var user: String

    @Option(help: ArgumentHelp("How long it is valid: seconds, or a number with s, m, h or d.", valueName: "time"))
    var expiresIn = Lifetime(seconds: 3_600)

    func run() throws {
        try Failure.told {
            var environment = try Installation.settings(as: Installation.runtime)
            let secret = environment.secret("BETTER_AUTH_SECRET", isRequired: true)
            if user.isEmpty || user.utf8.count > 512 { environment.problem("--user: 1 to 512 bytes") }
            try environment.check()
            guard let secret else { return }
            do {
                let now = Int64(Clock.realTime / 1_000_000_000)
                print(
                    try SharedSecretSigner.mint(
                        userID: user, issuedAt: now, expiresIn: expiresIn.seconds, secret: secret))
            } catch {
                throw Failure("\(error)")
            }
        }
    }
}

/// A span of time of at most ten years as a person types it: `900`, `15m`, `12h`, `7d`.
///
/// A negative one makes a token that has expired.
struct Lifetime: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = argument.last.flatMap { units[$0] }
        guard let number = Int64(unit == nil ? argument : String(argument.dropLast())) else { return nil }
        let product = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !product.overflow, product.partialValue.magnitude <= 3_650 * 86_400 else { return nil }
        seconds = product.partialValue
    }

    var description: String { "\(seconds)" }
}
