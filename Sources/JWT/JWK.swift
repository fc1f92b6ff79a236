internal import OpenSSL

/// A public key of a JWK Set (RFC 7517) that was checked and may be used.
public struct JWK: Equatable, Sendable {
    /// The numbers of a key, big-endian.
    enum Numbers: Equatable, Sendable {
        case ed25519([UInt8])
        case point(PublicKey.Curve, x: [UInt8], y: [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    /// The key's `kid`, which a token's header repeats.
    public let keyID: String?
    /// The algorithms the key may be used for: one, or both of RSA when the key has no `alg`.
    public let algorithms: [SignatureAlgorithm]
    let numbers: Numbers

    /// Creates the key in OpenSSL's form; a new one at each call, since keys are not shared.
    func publicKey() throws(PublicKeyError) -> PublicKey {
        switch numbers {
        case .ed25519(let bytes): try PublicKey(ed25519: bytes.span)
        case .point(let curve, let x, let y): try PublicKey(curve: curve, x: x.span, y: y.span)
        case .rsa(let modulus, let exponent): try PublicKey(modulus: modulus.span, exponent: exponent.span)
        }
    }
}

extension JWK {
    /// A key of a set that is not used, and why; for the operator.
    public struct Refusal: Equatable, Sendable, CustomStringConvertible {
        /// The key's `kid`, if it is a string.
        public let keyID: String?
        /// Why it is not used.
        public let reason: RefusalReason

        /// `kid` and reason on one line; the `kid` is quoted, so that it cannot break the line.
        public var description: String {
            "key \(keyID?.debugDescription ?? "without kid"): \(reason)"
        }
    }

    /// Why a key is not used.
    public enum RefusalReason: Error, Equatable, Sendable {
        /// Not an object, or a member has the wrong type.
        case malformed
        /// A type or a curve this service does not support.
        case unsupportedType
        /// A symmetric key, which is not secret once published.
        case symmetric
        /// It holds private members: any reader of the set can sign.
        case privateMembers
        /// `use` or `key_ops` say that it is not for signatures.
        case notForSignatures
        /// `alg` names an algorithm that does not fit the key, or that this service does not support.
        case otherAlgorithm
        /// A number is missing or not in canonical base64url.
        case malformedNumber
        /// The numbers are not a valid key, or a weak one.
        case unsound(String)
        /// An RSA exponent below 65,537.
        case tinyExponent
        /// Another key of the set has the same `kid` and algorithm: a token cannot tell them apart.
        case duplicateKeyID
    }
}

extension JWK.RefusalReason: CustomStringConvertible {
    /// A short phrase for the log.
    public var description: String {
        switch self {
        case .malformed: "malformed"
        case .unsupportedType: "of a type or curve that is not supported"
        case .symmetric: "symmetric, which a published key must not be"
        case .privateMembers: "with private members, which must not be published"
        case .notForSignatures: "not for signatures"
        case .otherAlgorithm: "for an algorithm that does not fit it or is not supported"
        case .malformedNumber: "with a number that is missing or not canonical base64url"
        case .unsound(let reason): reason
        case .tinyExponent: "with an exponent below 65537"
        case .duplicateKeyID: "of the same kid and algorithm as another"
        }
    }
}
