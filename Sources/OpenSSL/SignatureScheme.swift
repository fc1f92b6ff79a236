internal import COpenSSL

/// A signature algorithm, with the hash and padding that JOSE defines for it.
public enum SignatureScheme: Sendable, CaseIterable {
    /// Ed25519 of RFC 8032.
    case ed25519
    /// ECDSA with P-256 and SHA-256, the signature as two numbers of 32 bytes.
    case ecdsaP256SHA256
    /// ECDSA with P-521 and SHA-512, the signature as two numbers of 66 bytes.
    case ecdsaP521SHA512
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rsaPKCS1SHA256
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    case rsaPSSSHA256

    /// The hash of the message; nil for a scheme that signs the message itself.
    var digestName: String? {
        switch self {
        case .ed25519: nil
        case .ecdsaP256SHA256, .rsaPKCS1SHA256, .rsaPSSSHA256: "SHA256"
        case .ecdsaP521SHA512: "SHA512"
        }
    }
}
