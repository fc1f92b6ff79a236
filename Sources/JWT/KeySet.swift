internal import OpenSSL

/// The trusted keys, each prepared for the algorithm it admits.
///
/// The key determines the algorithm; a token whose `alg` no key admits is refused. So a public key never verifies an
/// HS256 token, and a shared secret verifies nothing else. For one thread: the prepared contexts are not shared.
public struct KeySet {
    /// One key prepared for one of its algorithms.
    private struct Prepared {
        var keyID: String?
        var algorithm: SignatureAlgorithm
        var verifier: SignatureVerifier
    }

    private let secrets: [HMACSHA256]
    /// Nil when no key set is configured: tokens signed with public keys are refused.
    private let publicKeys: [Prepared]?

    /// Prepares shared secrets for HS256, and public keys for the algorithms they admit.
    ///
    /// - Parameter secrets: a token signed with any one of them is accepted.
    /// - Parameter publicKeys: nil when no key set is configured; an empty one when it has not been fetched yet.
    public init(secrets: [SharedSecret] = [], publicKeys: JWKSet? = nil) throws(KeySetError) {
        do throws(OpenSSLError) {
            var prepared: [HMACSHA256] = []
            for secret in secrets { prepared.append(try HMACSHA256(key: secret.bytes.span)) }
            self.secrets = prepared
        } catch {
            throw .cryptography(error.description)
        }
        self.publicKeys = try publicKeys.map(Self.prepared)
    }

    private static func prepared(_ set: JWKSet) throws(KeySetError) -> [Prepared] {
        var prepared: [Prepared] = []
        for key in set.keys {
            for algorithm in key.algorithms {
                guard let scheme = algorithm.scheme else { continue }
                let publicKey: PublicKey
                do throws(PublicKeyError) { publicKey = try key.publicKey() } catch {
                    throw .cryptography(error.description)
                }
                do throws(OpenSSLError) {
                    let verifier = try SignatureVerifier(key: publicKey, scheme: scheme)
                    prepared.append(Prepared(keyID: key.keyID, algorithm: algorithm, verifier: verifier))
                } catch {
                    throw .cryptography(error.description)
                }
            }
        }
        return prepared
    }
}

extension KeySet {
    /// Verifies the signature of a token in compact serialisation and returns its payload; claims are not checked.
    ///
    /// The cheapest checks come first: a malformed token, or one of an unknown algorithm or key, costs no signature
    /// verification.
    public func payload(of compact: Span<UInt8>) throws(TokenError) -> [UInt8] {
        guard compact.count <= TokenLimits.bytes else { throw .tooLong }
        let token = try CompactToken(compact)
        return try payload(of: token, TokenHeader(of: token))
    }

    /// The same for a token that is split already.
    func payload(of token: borrowing CompactToken, _ header: TokenHeader) throws(TokenError) -> [UInt8] {
        guard let signature = Base64URL.decode(token.signature) else { throw .malformed }
        guard let payload = Base64URL.decode(token.payload) else { throw .malformed }
        let isValid =
            switch header.algorithm {
            case .hs256: try isValidWithSecret(signature.span, of: token.signed)
            case .ed25519, .es256, .es512, .rs256, .ps256:
                try verifier(for: header).isValid(signature.span, for: token.signed)
            }
        guard isValid else { throw .badSignature }
        return payload
    }

    /// Whether there is a public key to verify a token's signature with.
    func hasPublicKey(for header: TokenHeader) -> Bool {
        header.algorithm != .hs256 && (try? verifier(for: header)) != nil
    }

    /// Tries each shared secret; secrets have no `kid`, so the header's is ignored.
    private func isValidWithSecret(
        _ signature: Span<UInt8>, of signed: Span<UInt8>
    ) throws(TokenError) -> Bool {
        guard !secrets.isEmpty else { throw .unsupportedAlgorithm }
        guard signature.count == SHA256.byteCount else { return false }
        for secret in secrets where secret.isValid(signature, for: signed) { return true }
        return false
    }

    /// The one public key that matches a header's `alg` and, if present, its `kid`.
    private func verifier(for header: TokenHeader) throws(TokenError) -> SignatureVerifier {
        guard let publicKeys else { throw .unsupportedAlgorithm }
        var found: SignatureVerifier?
        var isKnown = false
        for key in publicKeys where header.keyID == nil || header.keyID == key.keyID {
            guard key.algorithm == header.algorithm else {
                isKnown = header.keyID != nil
                continue
            }
            guard found == nil else { throw .ambiguousKey }
            found = key.verifier
        }
        // A known `kid` of another algorithm is final: fetching the keys again would not help.
        guard let found else { throw isKnown ? .unsupportedAlgorithm : .unknownKey }
        return found
    }
}
