import ArgumentParser
import Base
import JWT
import Settings

/// Signs a development token, or explains a given token.
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print an HS256 token for a user, or explain a given token.",
        discussion: """
            With --user: a token signed with BETTER_AUTH_SECRET, for development and tests; in production, tokens come \
            from Better Auth.

            With --inspect: reads a token from standard input, shows its content, and whether a worker with these \
            settings would accept it now; if not, shows why and exits with status 1. The signature is never shown.
            """
    )

    @Option(help: ArgumentHelp("The user's id, as in the path /api/{user_id}/tasks.", valueName: "id"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            "With --user: the token's lifetime, in seconds or with s, m, h or d; 1h by default.", valueName: "time"))
    var expiresIn: Lifetime?

    @Flag(help: "Explain the token on standard input.")
    var inspect = false

    func validate() throws {
        if inspect, user != nil || expiresIn != nil {
            throw ValidationError("--inspect cannot be combined with --user and --expires-in")
        }
        if !inspect, user == nil {
            throw ValidationError("either --user, to create a token, or --inspect, to explain one")
        }
    }

    func run() throws {
        var environment = try Installation.settings(as: Installation.runtime)
        if let user { return try mint(for: user, &environment) }
        let identity = IdentitySettings(&environment)
        try environment.check()
        try TokenExplanation(identity).explain(try Self.standardInput(), at: Int64(Clock.realTime / 1_000_000_000))
    }

    private func mint(for user: String, _ environment: inout SettingsReader) throws {
        let secret = environment.secret("BETTER_AUTH_SECRET", isRequired: true)
        if user.isEmpty || user.utf8.count > 512 { environment.problem("--user: 1 to 512 bytes") }
        try environment.check()
        guard let secret else { return }
        do throws(KeySetError) {
            let now = Int64(Clock.realTime / 1_000_000_000)
            let lifetime = expiresIn ?? Lifetime(seconds: 3_600)
            print(
                try SharedSecretSigner.mint(userID: user, issuedAt: now, expiresIn: lifetime.seconds, secret: secret))
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Reads the token, without a header name or `Bearer` before it and a line break after it, as copied from a header.
    private static func standardInput() throws -> [UInt8] {
        var text: String
        do throws(SystemError) { text = try TextFile.standardInput() } catch {
            throw Failure("standard input: \(error)")
        }
        for prefix in ["authorization:", "bearer "] {
            text = String(text.drop { $0.isWhitespace })
            if text.lowercased().hasPrefix(prefix) { text = String(text.dropFirst(prefix.count)) }
        }
        text = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        guard !text.isEmpty else { throw Failure("no token on standard input") }
        return Array(text.utf8)
    }
}

/// A lifetime of at most ten years: `900`, `15m`, `12h`, `7d`.
///
/// A negative lifetime gives an expired token.
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
