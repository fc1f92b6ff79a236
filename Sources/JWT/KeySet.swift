internal import OpenSSL

/// The keys whose signatures count, each prepared for the algorithm it admits.
///
/// A key decides its algorithm; a token only says which it used, and is refused when no key admits that. So a public
/// key never checks an HS256 token, and a shared secret no other. For one thread: the prepared contexts are not shared.
public struct KeySet {
    /// One key prepared for one of its algorithms.
    private struct Prepared {
        var keyID: String?
        var algorithm: SignatureAlgorithm
        var verifier: SignatureVerifier
    }

    private let secrets: [HMACSHA256]
    /// Nil when this service takes no tokens of public keys.
    private let publicKeys: [Prepared]?

    /// Prepares shared secrets for HS256 and public keys for the algorithms they admit.
    ///
    /// - Parameter secrets: a token signed with any of them is accepted.
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
    /// The decoded payload of a token in compact serialisation whose signature is right; it says nothing of the claims.
    ///
    /// What costs least comes first: a text that is no token, or whose algorithm or key we do not have, takes no
    /// signature work.
    public func payload(of compact: Span<UInt8>) throws(TokenError) -> [UInt8] {
        guard compact.count <= TokenLimits.bytes else { throw .tooLong }
        let token = try CompactToken(compact)
        return try payload(of: token, TokenHeader(of: token))
    }

    /// The same for a token that was taken apart already.
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

    /// Whether there is a public key to check a token's signature with.
    func hasPublicKey(for header: TokenHeader) -> Bool {
        header.algorithm != .hs256 && (try? verifier(for: header)) != nil
    }

    /// Tries each shared secret; they have no names, so a `kid` does not matter.
    private func isValidWithSecret(
        _ signature: Span<UInt8>, of signed: Span<UInt8>
    ) throws(TokenError) -> Bool {
        guard !secrets.isEmpty else { throw .unsupportedAlgorithm }
        guard signature.count == SHA256.byteCount else { return false }
        for secret in secrets where secret.isValid(signature, for: signed) { return true }
        return false
    }

    /// The one public key that a header can mean: of its algorithm and, if it names one, of its name.
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
        // A key that is known decides its algorithm; no other one of its name is to be waited for.
        guard let found else { throw isKnown ? .unsupportedAlgorithm : .unknownKey }
        return found
    }
}
