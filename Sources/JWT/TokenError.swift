/// Why a token was refused: one case per reason.
///
/// The reasons are for the operator; a client learns only whether its token has expired. No description holds
/// anything of the token.
public enum TokenError: Error, Equatable, Sendable, CaseIterable {
    /// Longer than `TokenLimits.bytes`.
    case tooLong
    /// Not three parts of canonical base64url, or a header that is not one JSON object with unique members.
    case malformed
    /// The header has `crit` or `b64`, which must not be ignored and is not supported.
    case unsupportedHeader
    /// The header's `typ` is another kind of token.
    case foreignType
    /// No configured key admits the header's `alg`; `none` is never admitted.
    case unsupportedAlgorithm
    /// The algorithm is supported, but no key has the header's `kid`; the unverified claims would be accepted.
    case unknownKey
    /// Several keys fit the header, which has no `kid`.
    case ambiguousKey
    /// The signature does not match.
    case badSignature
    /// Signed, but the payload is not one JSON object with unique members and claims of the right types.
    case malformedClaims
    /// Signed, but without `exp`: such a token would be valid for ever.
    case noExpiry
    /// Signed, but `exp` lies in the past.
    case expired
    /// Signed, but `nbf` or `iat` lies in the future.
    case notYetValid
    /// Signed, but `iss` is none of the configured issuers.
    case wrongIssuer
    /// Signed, but `aud` holds none of the configured audiences.
    case wrongAudience
    /// Signed, but no claim holds a usable user id.
    case noUser
}

extension TokenError: CustomStringConvertible {
    /// The reason as a short sentence, the same for every token.
    public var description: String {
        switch self {
        case .tooLong: "the token is too long"
        case .malformed: "the token is not a well-formed compact JWT"
        case .unsupportedHeader: "the token's header demands an extension"
        case .foreignType: "the token is of another type"
        case .unsupportedAlgorithm: "no configured key admits the token's algorithm"
        case .unknownKey: "no key fits the token"
        case .ambiguousKey: "the token names none of the several keys that fit"
        case .badSignature: "the token's signature is wrong"
        case .malformedClaims: "the token's claims are malformed"
        case .noExpiry: "the token has no expiry"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .wrongIssuer: "the token comes from another issuer"
        case .wrongAudience: "the token is meant for another audience"
        case .noUser: "the token names no user"
        }
    }
}
