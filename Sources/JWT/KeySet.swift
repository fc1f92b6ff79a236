internal import OpenSSL

/// The keys whose signatures count, each prepared for the algorithm it admits.
///
/// A key decides its algorithm; a token only says which it used, and is refused when no key admits that. For one
/// thread: the prepared contexts are not shared.
public struct KeySet {
    private let secrets: [HMACSHA256]

    /// Prepares shared secrets for HS256; a token signed with any of them is accepted.
    public init(secrets: [SharedSecret]) throws(KeySetError) {
        var prepared: [HMACSHA256] = []
        for secret in secrets {
            do throws(OpenSSLError) {
                prepared.append(try HMACSHA256(key: secret.bytes.span))
            } catch {
                throw .cryptography(error.description)
            }
        }
        self.secrets = prepared
    }

    /// Prepares the current secret, and the previous one while tokens signed with it are still about.
    public init(secret: String, previous: String? = nil) throws(KeySetError) {
        var secrets = [try SharedSecret(secret)]
        if let previous { secrets.append(try SharedSecret(previous)) }
        try self.init(secrets: secrets)
    }

    /// The decoded payload of a token in compact serialisation whose signature is right; it says nothing of the claims.
    ///
    /// What costs least comes first: a text that is no token, or whose algorithm or key we do not have, takes no
    /// signature work.
    public func payload(of compact: Span<UInt8>) throws(TokenError) -> [UInt8] {
        guard compact.count <= TokenLimits.bytes else { throw .tooLong }
        let token = try CompactToken(compact)
        guard let json = Base64URL.decode(token.header) else { throw .malformed }
        let header = try TokenHeader(json.span)
        guard let signature = Base64URL.decode(token.signature) else { throw .malformed }
        guard let payload = Base64URL.decode(token.payload) else { throw .malformed }
        switch header.algorithm {
        case .hs256: try verifyWithSecrets(signature.span, of: token.signed)
        }
        return payload
    }

    /// Tries each shared secret; they have no names, so a `kid` does not matter.
    private func verifyWithSecrets(_ signature: Span<UInt8>, of signed: Span<UInt8>) throws(TokenError) {
        guard !secrets.isEmpty else { throw .unsupportedAlgorithm }
        guard signature.count == SHA256.byteCount else { throw .badSignature }
        for secret in secrets where secret.isValid(signature, for: signed) { return }
        throw .badSignature
    }
}
