/// What a token's claims must say.
public struct ClaimsPolicy: Sendable {
    /// Where a user id is looked for: paths of member names, the first that is present decides.
    let userPaths: [[String]]
    /// Accepted values of `iss`, without a trailing slash; empty for any.
    let issuers: [String]
    /// Values of which `aud` must hold one, without a trailing slash; empty for any.
    let audiences: [String]
    /// How many seconds the issuer's clock and ours may differ by.
    let leeway: Int64

    /// Where the starters of this family put the user's id.
    public static let defaultUserClaims = ["sub", "user_id", "userId", "id", "user.id"]

    /// Makes a policy.
    ///
    /// - Parameter userClaims: at least one and at most 64; a dot leads into a nested object, except in a name with a
    ///   colon, which is a URI as RFC 7519 has it for public claims. `exp`, `nbf`, `iat`, `iss` and `aud` name no user.
    /// - Parameter issuers: accepted values of `iss`; with none, `iss` is not looked at.
    /// - Parameter audiences: accepted values of `aud`; with none, `aud` is not looked at.
    /// - Parameter leeway: seconds, from 0 to `TokenLimits.leeway`; what lies outside is brought to the nearer end.
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

    /// A base URL as it is compared: people write it with and without the last slash.
    static func withoutTrailingSlash(_ url: String) -> String {
        url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
