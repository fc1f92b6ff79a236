public import JWT

/// Verifies tokens; the API is generic over it, so that its tests need no keys.
public protocol TokenVerifying {
    /// The id of the user a compact token was issued to; nil when the verification takes more work than is allowed.
    ///
    /// - Parameter now: seconds since 1970, read anew for each call.
    func verify(_ compact: Span<UInt8>, at now: Int64, allowing work: SignatureWork) throws(TokenError) -> String?

    /// The missing key of a token that `verify` has just refused as `unknownKey`; nil when no key can be fetched.
    func missingKey(of compact: Span<UInt8>) -> MissingKey?

    /// A hash of a user for whom a token was verified recently; nil for any other.
    func recentUser(_ id: Span<UInt8>) -> Int?
}

extension TokenVerifying {
    /// Nil: no key can be fetched.
    public func missingKey(of compact: Span<UInt8>) -> MissingKey? { nil }

    /// Nil: no users are remembered.
    public func recentUser(_ id: Span<UInt8>) -> Int? { nil }
}

extension TokenVerifier: TokenVerifying {}
