internal import JSON

/// The signature algorithms this service speaks (RFC 7518, RFC 8037), each bound to keys of one kind.
public enum SignatureAlgorithm: Equatable, Sendable, CaseIterable {
    /// HMAC with SHA-256 under a shared secret.
    case hs256

    /// The algorithm of a header's `alg`, which is matched exactly; nil for all others, `none` among them.
    init?(_ name: borrowing JSONText) {
        switch name {
        case "HS256": self = .hs256
        default: return nil
        }
    }
}
