public import JWT

/// Tells whose token it is; the API is generic over it, so that its tests need no keys.
public protocol TokenVerifying {
    /// The id of the user a compact token was issued to; nil when to know it takes more work than is allowed.
    ///
    /// - Parameter now: seconds since 1970, fresh at every call.
    func verify(_ compact: Span<UInt8>, at now: Int64, allowing work: SignatureWork) throws(TokenError) -> String?

    /// The key that a token lacks which `verify` has just refused as `unknownKey`; nil when none could come.
    func missingKey(of compact: Span<UInt8>) -> MissingKey?

    /// A hash of a user of whom a token was verified lately; nil for any other.
    func recentUser(_ id: Span<UInt8>) -> Int?
}

extension TokenVerifying {
    /// No key can come.
    public func missingKey(of compact: Span<UInt8>) -> MissingKey? { nil }

    /// Nobody is remembered.
    public func recentUser(_ id: Span<UInt8>) -> Int? { nil }
}

extension TokenVerifier: TokenVerifying {}
