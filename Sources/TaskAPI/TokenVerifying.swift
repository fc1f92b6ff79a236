public import JWT

/// Tells whose token it is; the API is generic over it, so that its tests need no keys.
public protocol TokenVerifying {
    /// The id of the user a compact token was issued to.
    ///
    /// - Parameter now: seconds since 1970, fresh at every call.
    func verify(_ compact: Span<UInt8>, at now: Int64) throws(TokenError) -> String
}

extension TokenVerifier: TokenVerifying {}
