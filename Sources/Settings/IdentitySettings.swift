internal import Base
public import JWKS
public import JWT

/// The settings that determine which tokens are accepted.
public struct IdentitySettings {
    /// The secret that HS256 tokens are signed with, if any.
    public let secret: SharedSecret?
    /// The previous secret, while tokens signed with it are still valid.
    public let previous: SharedSecret?
    /// The source of public keys, if any.
    public let source: KeySource?
    /// The directory in which the last good key set is kept; nil to keep none.
    public let stateDirectory: String?
    /// The policy for tokens signed with a shared secret.
    public let claims: ClaimsPolicy
    /// The policy for tokens verified with a public key.
    public let publicKeyClaims: ClaimsPolicy
    /// The values that `iss` may have; empty for any.
    public let issuers: [String]
    /// The values of which `aud` must hold one; empty for any.
    public let audiences: [String]
    /// The claims that may hold the user's id.
    public let userClaims: [String]

    /// Reads the settings; the reader collects the problems.
    public init(_ reader: inout SettingsReader) {
        let known = reader.problems.count
        secret = reader.secret("BETTER_AUTH_SECRET", isRequired: false)
        previous = reader.secret("BETTER_AUTH_SECRET_PREVIOUS", isRequired: false)
        let base = reader.textOrFile("BETTER_AUTH_URL").map(Self.withoutTrailingSlashes)
        source = Self.source(base, &reader)
        if secret == nil, source == nil, reader.problems.count == known {
            reader.problem(
                "no keys to check tokens with: set BETTER_AUTH_SECRET (at least \(SharedSecret.minimumBytes) bytes, such as openssl rand -base64 48 makes), BETTER_AUTH_URL, JWKS_URL or JWKS_FILE"
            )
        }
        if secret == nil, previous != nil {
            reader.problem("BETTER_AUTH_SECRET_PREVIOUS is set without BETTER_AUTH_SECRET")
        }
        stateDirectory = Self.stateDirectory(&reader)

        var names = reader.list("JWT_USER_CLAIMS")
        if names.count > 64 {
            reader.problem("JWT_USER_CLAIMS must be at most 64 names")
            names = []
        }
        userClaims = names.isEmpty ? ClaimsPolicy.defaultUserClaims : names
        let issuers = reader.list("JWT_ISSUER")
        let audiences = reader.list("JWT_AUDIENCE")
        let leeway = reader.integer("JWT_LEEWAY", default: 5, in: 0...60)
        claims = ClaimsPolicy(userClaims: userClaims, issuers: issuers, audiences: audiences, leeway: leeway)
        // Better Auth sets `iss` and `aud` in the tokens it signs; tokens signed with the secret often have neither.
        let usual = source == nil ? [] : base.map(Self.names) ?? []
        self.issuers = issuers.isEmpty ? usual : issuers
        self.audiences = audiences.isEmpty ? usual : audiences
        publicKeyClaims = ClaimsPolicy(
            userClaims: userClaims, issuers: self.issuers, audiences: self.audiences, leeway: leeway)
    }

    /// Prepares the keys; the current secret first.
    ///
    /// - Parameter published: the issuer's keys; nil before the first were read.
    public func keySet(_ published: JWKSet?) throws(KeySetError) -> KeySet {
        try KeySet(
            secrets: [secret, previous].compactMap { $0 }, publicKeys: source == nil ? nil : published ?? JWKSet())
    }
}

extension IdentitySettings {
    /// The path of Better Auth's routes below its base URL.
    private static let path = "/api/auth"

    /// The values that Better Auth may use for `iss`: its base URL, with or without the path of its routes.
    private static func names(_ base: String) -> [String] {
        base.hasSuffix(path) ? [base, String(base.dropLast(path.count))] : [base]
    }

    /// The most specific of the sources that are set.
    private static func source(_ base: String?, _ reader: inout SettingsReader) -> KeySource? {
        let url = reader.textOrFile("JWKS_URL")
        if let file = reader.text("JWKS_FILE") {
            guard url == nil else {
                reader.problem("JWKS_URL and JWKS_FILE are both set: keep one")
                return nil
            }
            return .file(file)
        }
        if let url { return source(at: url, "JWKS_URL", &reader) }
        return base.flatMap {
            source(at: $0 + ($0.hasSuffix(path) ? "/jwks" : path + "/jwks"), "BETTER_AUTH_URL", &reader)
        }
    }

    private static func source(at url: String, _ name: String, _ reader: inout SettingsReader) -> KeySource? {
        do throws(KeySetURLError) {
            return .url(try KeySetURL(url))
        } catch {
            reader.problem("\(name) \(error)")
            return nil
        }
    }

    /// TODO_STATE_DIR, else systemd's STATE_DIRECTORY.
    private static func stateDirectory(_ reader: inout SettingsReader) -> String? {
        guard let path = reader.text("TODO_STATE_DIR") else {
            return reader.text("STATE_DIRECTORY")?.split(separator: ":").first.map(String.init)
        }
        if !TextFile.isDirectory(path) { reader.problem("TODO_STATE_DIR must be an existing directory") }
        return path
    }

    private static func withoutTrailingSlashes(_ url: String) -> String {
        String(url.reversed().drop { $0 == "/" }.reversed())
    }
}
