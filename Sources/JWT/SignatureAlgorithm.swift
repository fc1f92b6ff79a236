internal import JSON
internal import OpenSSL

/// The supported signature algorithms (RFC 7518, RFC 8037), each bound to one type of key.
public enum SignatureAlgorithm: Equatable, Sendable, CaseIterable {
    /// HMAC with SHA-256 under a shared secret.
    case hs256
    /// Ed25519; `EdDSA` in RFC 8037, `Ed25519` since RFC 9864.
    case ed25519
    /// ECDSA with P-256 and SHA-256.
    case es256
    /// ECDSA with P-521 and SHA-512.
    case es512
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256
    /// RSASSA-PSS with SHA-256.
    case ps256

    /// The algorithm of an `alg`, compared exactly; nil for all others, `none` included.
    init?(_ name: borrowing JSONText) {
        switch name {
        case "HS256": self = .hs256
        case "EdDSA", "Ed25519": self = .ed25519
        case "ES256": self = .es256
        case "ES512": self = .es512
        case "RS256": self = .rs256
        case "PS256": self = .ps256
        default: return nil
        }
    }

    /// The public-key signature scheme; nil for HS256.
    var scheme: SignatureScheme? {
        switch self {
        case .hs256: nil
        case .ed25519: .ed25519
        case .es256: .ecdsaP256SHA256
        case .es512: .ecdsaP521SHA512
        case .rs256: .rsaPKCS1SHA256
        case .ps256: .rsaPSSSHA256
        }
    }
}

extension SignatureAlgorithm: CustomStringConvertible {
    /// The `alg` that most tokens use for it.
    public var description: String {
        switch self {
        case .hs256: "HS256"
        case .ed25519: "EdDSA"
        case .es256: "ES256"
        case .es512: "ES512"
        case .rs256: "RS256"
        case .ps256: "PS256"
        }
    }
}
