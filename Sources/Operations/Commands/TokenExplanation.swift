import Base
import Glibc
import JWKS
import JWT
import Settings

/// The output of `token --inspect`.
struct TokenExplanation {
    private let identity: IdentitySettings
    private let keys: AvailableKeys

    /// Reads the keys that a worker would have.
    init(_ identity: IdentitySettings) {
        self.identity = identity
        keys = AvailableKeys(identity)
    }

    /// Prints the explanation of a token; throws if it would not be accepted.
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

    /// What was expected instead, as far as settings determine it.
    private func explanation(of error: TokenError) -> [String] {
        switch error {
        case .tooLong: ["at most \(TokenLimits.bytes) bytes are read"]
        case .wrongIssuer: ["iss must be one of: \(identity.issuers.joined(separator: ", "))"]
        case .wrongAudience: ["aud must hold one of: \(identity.audiences.joined(separator: ", "))"]
        case .noUser:
            ["looked for in: \(identity.userClaims.joined(separator: ", ")); 1 to \(TokenLimits.userIDBytes) bytes"]
        case .badSignature:
            identity.secret == nil
                ? ["signed with another key of this name, or altered afterwards"]
                : ["signed with another secret or key, or altered afterwards"]
        case .unsupportedAlgorithm:
            identity.source == nil
                ? ["only HS256 is accepted: neither BETTER_AUTH_URL, JWKS_URL nor JWKS_FILE is set"]
                : identity.secret == nil ? ["BETTER_AUTH_SECRET is not set: HS256 is not accepted"] : []
        default: []
        }
    }

    /// A date, and its distance from now.
    private static func date(_ seconds: Int64, at now: Int64) -> String {
        let distance = seconds - now
        let words =
            distance < 0 ? "\(DurationText.of(seconds: -distance)) ago" : "in \(DurationText.of(seconds: distance))"
        // Years beyond 9999 are shown in seconds only.
        guard 0..<253_402_300_800 ~= seconds else { return "\(seconds) (\(words))" }
        return "\(UTC.text(microseconds: seconds * 1_000_000)) (\(words))"
    }
}

/// The issuer's keys that a worker starting now would have.
struct AvailableKeys {
    /// The keys; nil when there are none.
    private(set) var set: JWKSet?
    /// Why the source gave no keys.
    private(set) var failure: KeySourceError?
    /// The report of the keys, line by line.
    private(set) var lines: [String] = []

    /// Reads the source; if that fails, the set kept on disk.
    init(_ identity: IdentitySettings) {
        guard let source = identity.source else { return }
        // A connection closed early is an error, not a signal.
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
            lines.append("keys: using cached JWKS, \(DurationText.of(seconds: max(age, 0))) old")
        } catch {
            lines.append("keys: cached JWKS not usable: \(error)")
        }
    }

    private static func age(of source: KeySource) -> String {
        guard case .file(let path) = source, let writtenAt = TextFile.modificationTime(path) else {
            return "fetched just now"
        }
        return "written \(DurationText.of(seconds: max(Int64(Clock.realTime / 1_000_000_000) - writtenAt, 0))) ago"
    }
}
