/// How much work a token may take.
public enum SignatureWork: Sendable {
    /// Whatever it takes.
    case any
    /// All but a public key's, which takes a hundred times as long as everything else.
    case little
}

/// Tells whose a bearer token is, or why it is refused; remembers the tokens it has verified.
///
/// For one thread, like the worker it serves.
public final class TokenVerifier {
    @safe @exclusivity(unchecked) private var keys: KeySet
    private let claims: ClaimsPolicy
    private let publicKeyClaims: ClaimsPolicy
    @safe @exclusivity(unchecked) private var cache: TokenCache
    private var recentUsers = RecentUsers()

    /// Joins keys, policies for the claims and bounds for the memory of verified tokens.
    ///
    /// - Parameter claims: what tokens of shared secrets must say.
    /// - Parameter publicKeyClaims: what tokens of public keys must say; the same when nil.
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
    /// A token whose key is not known is refused for its claims first, where they are reason enough.
    ///
    /// - Parameter compact: the token's bytes, without `Bearer`.
    /// - Parameter now: seconds since 1970, fresh for each call: a remembered token is checked against it as well.
    public func verify(_ compact: Span<UInt8>, at now: Int64) throws(TokenError) -> String {
        guard let user = try verify(compact, at: now, allowing: .any) else {
            preconditionFailure("any work is allowed")
        }
        return user
    }

    /// The same, or nil when it takes more work than is allowed now.
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
            // Nobody is to wait for a key whose token would be refused for what it says itself.
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

    /// A hash of a user of whom a token of a public key was verified lately; nil for any other.
    public func recentUser(_ id: Span<UInt8>) -> Int? {
        recentUsers.hash(of: id)
    }

    /// The key that a token lacks which `verify` has just refused as `unknownKey`; nil for what is no token.
    public func missingKey(of compact: Span<UInt8>) -> MissingKey? {
        do throws(TokenError) {
            return MissingKey(try TokenHeader(of: CompactToken(compact)))
        } catch {
            return nil
        }
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
