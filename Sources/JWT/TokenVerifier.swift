/// Tells whose a bearer token is, or why it is refused; remembers the tokens it has verified.
///
/// For one thread, like the worker it serves.
public final class TokenVerifier {
    private var keys: KeySet
    private let claims: ClaimsPolicy
    private var cache: TokenCache

    /// Joins keys, a policy for the claims and bounds for the memory of verified tokens.
    public init(keys: KeySet, claims: ClaimsPolicy = ClaimsPolicy(), cache: TokenCache.Limits = TokenCache.Limits()) {
        self.keys = keys
        self.claims = claims
        self.cache = TokenCache(limits: cache)
    }

    /// The id of the user a token was issued to.
    ///
    /// - Parameter compact: the token's bytes, without `Bearer`.
    /// - Parameter now: seconds since 1970, fresh for each call: a remembered token is checked against it as well.
    public func verify(_ compact: Span<UInt8>, at now: Int64) throws(TokenError) -> String {
        guard compact.count <= TokenLimits.bytes else { throw .tooLong }
        if let user = try cache.user(of: compact, at: now) { return user }
        let payload = try keys.payload(of: compact)
        let claims = try Claims(payload.span, policy: claims, at: now)
        cache.insert(compact, user: claims.user, validity: claims.validity, at: now)
        return claims.user
    }

    /// Takes other keys from now on; what was verified with the old ones is forgotten.
    public func replaceKeys(_ keys: KeySet) {
        self.keys = keys
        cache.removeAll()
    }

    /// What is remembered, and how well it served; for the metrics.
    public var cacheStatistics: TokenCache.Statistics {
        cache.statistics
    }
}
