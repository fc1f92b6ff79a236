/// How much work the verification of a token may take.
public enum SignatureWork: Sendable {
    /// Any amount.
    case any
    /// No public-key signature, which takes a hundred times as long as everything else.
    case little
}

/// Verifies bearer tokens and caches those it has verified.
///
/// For one thread, like the worker that uses it.
public final class TokenVerifier {
    @safe @exclusivity(unchecked) private var keys: KeySet
    private let claims: ClaimsPolicy
    private let publicKeyClaims: ClaimsPolicy
    @safe @exclusivity(unchecked) private var cache: TokenCache
    private var recentUsers = RecentUsers()

    /// Creates a verifier from keys, policies for the claims and bounds for the cache.
    ///
    /// - Parameter claims: the policy for tokens signed with a shared secret.
    /// - Parameter publicKeyClaims: the policy for tokens verified with a public key; `claims` when nil.
    public init(
        keys: KeySet, claims: ClaimsPolicy = ClaimsPolicy(), publicKeyClaims: ClaimsPolicy? = nil,
        cache: TokenCache.Limits = TokenCache.Limits()
    ) {
        self.keys = keys
        self.claims = claims
        self.publicKeyClaims = publicKeyClaims ?? claims
        self.cache = TokenCache(limits: cache)
    }

    /// The id of the user a token was issued to.
    ///
    /// A token whose key is unknown is refused for its claims first, where these are not acceptable.
    ///
    /// - Parameter compact: the token's bytes, without `Bearer`.
    /// - Parameter now: seconds since 1970, read anew for each call: a cached token is checked against it as well.
    public func verify(_ compact: Span<UInt8>, at now: Int64) throws(TokenError) -> String {
        guard let user = try verify(compact, at: now, allowing: .any) else {
            preconditionFailure("any work is allowed")
        }
        return user
    }

    /// The same, or nil when the verification takes more work than is allowed.
    public func verify(
        _ compact: Span<UInt8>, at now: Int64, allowing work: SignatureWork
    ) throws(TokenError) -> String? {
        guard compact.count <= TokenLimits.bytes else { throw .tooLong }
        if let user = try cache.user(of: compact, at: now) { return user }
        let token = try CompactToken(compact)
        let header = try TokenHeader(of: token)
        if work == .little, keys.hasPublicKey(for: header) { return nil }
        let policy = header.algorithm == .hs256 ? claims : publicKeyClaims
        let payload: [UInt8]
        do throws(TokenError) {
            payload = try keys.payload(of: token, header)
        } catch {
            // A token with unacceptable claims is refused at once, not after a wait for its key.
            if error == .unknownKey, let payload = Base64URL.decode(token.payload) {
                _ = try Claims(payload.span, policy: policy, at: now)
            }
            throw error
        }
        let claims = try Claims(payload.span, policy: policy, at: now)
        cache.insert(compact, user: claims.user, validity: claims.validity, at: now)
        if header.algorithm != .hs256 { recentUsers.insert(claims.user.utf8Span.span) }
        return claims.user
    }

    /// A hash of a user for whom a public-key token was verified recently; nil for any other.
    public func recentUser(_ id: Span<UInt8>) -> Int? {
        recentUsers.hash(of: id)
    }

    /// The missing key of a token that `verify` has just refused as `unknownKey`; nil for a malformed token.
    public func missingKey(of compact: Span<UInt8>) -> MissingKey? {
        do throws(TokenError) {
            return MissingKey(try TokenHeader(of: CompactToken(compact)))
        } catch {
            return nil
        }
    }

    /// Replaces the keys and removes all tokens from the cache, since the old keys verified them.
    public func replaceKeys(_ keys: KeySet) {
        self.keys = keys
        cache.removeAll()
    }

    /// The cache's metrics.
    public var cacheStatistics: TokenCache.Statistics {
        cache.statistics
    }
}
