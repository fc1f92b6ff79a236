internal import OpenSSL

/// A public key of a key set (RFC 7517) that was checked and may be used.
public struct JWK: Equatable, Sendable {
    /// The numbers of a key, big-endian.
    enum Numbers: Equatable, Sendable {
        case ed25519([UInt8])
        case point(PublicKey.Curve, x: [UInt8], y: [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    /// The key's name, which a token's `kid` repeats.
    public let keyID: String?
    /// What the key may be used for: one algorithm, or both of RSA when the key does not say.
    public let algorithms: [SignatureAlgorithm]
    let numbers: Numbers

    /// A key as OpenSSL takes it; a new one each time, since nobody shares one.
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
        /// The key's name, if it has one that can be read.
        public let keyID: String?
        /// Why.
        public let reason: RefusalReason

        /// Name and reason on one line; the name is quoted, so that it cannot write a line of its own.
        public var description: String {
            "key \(keyID?.debugDescription ?? "without kid"): \(reason)"
        }
    }

    /// Why a key is not used.
    public enum RefusalReason: Error, Equatable, Sendable {
        /// Not an object, or a member has the wrong type.
        case malformed
        /// A type or a curve this service does not speak.
        case unsupportedType
        /// A symmetric key: in a published set it is no secret.
        case symmetric
        /// It holds private numbers: whoever reads the set can sign.
        case privateMembers
        /// `use` or `key_ops` say that it is not for signatures.
        case notForSignatures
        /// `alg` names an algorithm that the key cannot have, or that this service does not speak.
        case otherAlgorithm
        /// A number is missing or not in canonical base64url.
        case malformedNumber
        /// The numbers make no key, or a weak one.
        case unsound(String)
        /// An RSA exponent below 65,537.
        case tinyExponent
        /// Another key of the set has the same name and algorithm: no token says which of them it means.
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
        case .privateMembers: "with private members, which nobody must publish"
        case .notForSignatures: "not for signatures"
        case .otherAlgorithm: "for an algorithm that does not fit it or is not supported"
        case .malformedNumber: "with a number that is missing or not canonical base64url"
        case .unsound(let reason): reason
        case .tinyExponent: "with an exponent below 65537"
        case .duplicateKeyID: "of the same name and algorithm as another"
        }
    }
}
