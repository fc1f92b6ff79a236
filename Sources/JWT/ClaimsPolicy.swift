/// The requirements on a token's claims.
public struct ClaimsPolicy: Sendable {
    /// The claims that may hold the user id, as paths of member names; the first that is present decides.
    let userPaths: [[String]]
    /// Accepted values of `iss`, without a trailing slash; empty for any.
    let issuers: [String]
    /// Values of which `aud` must hold one, without a trailing slash; empty for any.
    let audiences: [String]
    /// The allowed difference between the issuer's clock and ours, in seconds.
    let leeway: Int64

    /// The claims that hold the user id in the applications this service replaces.
    public static let defaultUserClaims = ["sub", "user_id", "userId", "id", "user.id"]

    /// Creates a policy.
    ///
    /// - Parameter userClaims: 1 to 64 names; a dot separates the levels of nested objects, except in a name with a
    ///   colon, which is the URI of a public claim (RFC 7519, section 4.2). `exp`, `nbf`, `iat`, `iss` and `aud` are
    ///   never the user id.
    /// - Parameter issuers: accepted values of `iss`; if empty, `iss` is not checked.
    /// - Parameter audiences: accepted values of `aud`; if empty, `aud` is not checked.
    /// - Parameter leeway: seconds, clamped to 0 through `TokenLimits.leeway`.
    public init(
        userClaims: [String] = ClaimsPolicy.defaultUserClaims, issuers: [String] = [], audiences: [String] = [],
        leeway: Int = 5
    ) {
        precondition(1...64 ~= userClaims.count, "a user is named by one to 64 claims")
        userPaths = userClaims.map { name in
            name.contains(":") ? [name] : name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        }
        self.issuers = issuers.map(Self.withoutTrailingSlash)
        self.audiences = audiences.map(Self.withoutTrailingSlash)
        self.leeway = Int64(min(max(leeway, 0), TokenLimits.leeway))
    }

    /// A base URL as it is compared: it is written both with and without the last slash.
    static func withoutTrailingSlash(_ url: String) -> String {
        url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
