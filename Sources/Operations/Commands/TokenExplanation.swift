import Base
import Glibc
import JWKS
import JWT
import Settings

/// What `token --inspect` says of a token.
struct TokenExplanation {
    private let identity: IdentitySettings
    private let keys: KeysAtHand

    /// Reads the keys that a worker would have.
    init(_ identity: IdentitySettings) {
        self.identity = identity
        keys = KeysAtHand(identity)
    }

    /// Explains a token on stdout; throws when it would not be accepted.
    func explain(_ token: [UInt8], at now: Int64) throws {
        let inspection = TokenInspection(token.span)
        print("header: \(inspection.header ?? "cannot be decoded")")
        print("claims: \(inspection.claims ?? "cannot be decoded")")
        for date in inspection.dates { print("\(date.name): \(Self.date(date.seconds, at: now))") }
        for line in keys.lines { print(line) }
        let verifier = TokenVerifier(
            keys: try identity.keySet(keys.set), claims: identity.claims, publicKeyClaims: identity.publicKeyClaims)
        let user: String
        do throws(TokenError) {
            user = try verifier.verify(token.span, at: now)
        } catch {
            throw Failure(["refused: \(error)"] + explanation(of: error).map { "  \($0)" })
        }
        print("accepted: the user is \(user.debugDescription)")
    }

    /// What was expected instead, where that is a setting.
    private func explanation(of error: TokenError) -> [String] {
        switch error {
        case .tooLong: ["at most \(TokenLimits.bytes) bytes are read"]
        case .wrongIssuer: ["iss must be one of: \(identity.issuers.joined(separator: ", "))"]
        case .wrongAudience: ["aud must hold one of: \(identity.audiences.joined(separator: ", "))"]
        case .noUser:
            ["looked for in: \(identity.userClaims.joined(separator: ", ")); 1 to \(TokenLimits.userIDBytes) bytes"]
        case .badSignature:
            identity.secret == nil
                ? ["signed with another key of this name, or changed on its way"]
                : ["signed with another secret or key, or changed on its way"]
        case .unsupportedAlgorithm:
            identity.source == nil
                ? ["only HS256 is taken: neither BETTER_AUTH_URL, JWKS_URL nor JWKS_FILE is set"]
                : identity.secret == nil ? ["BETTER_AUTH_SECRET is not set: HS256 is not taken"] : []
        default: []
        }
    }

    /// A moment as people read it, and how far away it is.
    private static func date(_ seconds: Int64, at now: Int64) -> String {
        let distance = seconds - now
        let words =
            distance < 0 ? "\(DurationText.of(seconds: -distance)) ago" : "in \(DurationText.of(seconds: distance))"
        // Beyond the years that have four digits nobody reads dates.
        guard 0..<253_402_300_800 ~= seconds else { return "\(seconds) (\(words))" }
        return "\(UTC.text(microseconds: seconds * 1_000_000)) (\(words))"
    }
}

/// The issuer's keys as a worker that starts now would have them.
struct KeysAtHand {
    /// Nil when there are none.
    private(set) var set: JWKSet?
    /// Why the source gave none.
    private(set) var failure: KeySourceError?
    /// What there is to say of them.
    private(set) var lines: [String] = []

    /// Asks the source; takes what was kept on disk when it does not answer.
    init(_ identity: IdentitySettings) {
        guard let source = identity.source else { return }
        // A server that hangs up early is an error like others.
        signal(SIGPIPE, SIG_IGN)
        do throws(KeySourceError) {
            set = try source.read(userAgent: Program.userAgent)
            lines.append("keys: \(source), \(Self.age(of: source))")
        } catch {
            failure = error
            lines.append("keys: \(source): \(error)")
            takeKept(source, identity.stateDirectory)
        }
        for key in set?.keys ?? [] {
            lines.append(
                "  key \(key.keyID?.debugDescription ?? "without kid"): \(key.algorithms.map(\.description).joined(separator: " or "))"
            )
        }
        for refusal in set?.refusals ?? [] { lines.append("  refused: \(refusal)") }
    }

    private mutating func takeKept(_ source: KeySource, _ directory: String?) {
        guard case .url(let url) = source, let directory else { return }
        do {
            guard let kept = try KeptKeySet(of: url, in: directory).read() else { return }
            set = kept.set
            let age = Int64(Clock.realTime / 1_000_000_000) - kept.savedAt
            lines.append("keys: those of an earlier run serve, \(DurationText.of(seconds: max(age, 0))) old")
        } catch {
            lines.append("keys: those of an earlier run cannot be used: \(error)")
        }
    }

    private static func age(of source: KeySource) -> String {
        guard case .file(let path) = source, let writtenAt = TextFile.modificationTime(path) else {
            return "fetched just now"
        }
        return "written \(DurationText.of(seconds: max(Int64(Clock.realTime / 1_000_000_000) - writtenAt, 0))) ago"
    }
}
