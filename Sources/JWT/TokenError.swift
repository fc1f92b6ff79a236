/// Why a token was refused: one case per reason.
///
/// The reasons are for the operator; a client learns only whether its token has expired. No description holds
/// anything of the token.
public enum TokenError: Error, Equatable, Sendable, CaseIterable {
    /// Longer than any token this service takes.
    case tooLong
    /// Not three parts of strict base64url, or a header that is not one plain JSON object.
    case malformed
    /// The header asks for `crit` or `b64`, which nobody may ignore and we do not offer.
    case unsupportedHeader
    /// The header's `typ` names another kind of token.
    case foreignType
    /// No configured key admits the header's `alg`; `none` always ends here.
    case unsupportedAlgorithm
    /// The algorithm is known, but no key fits the header's `kid`; the claims would do, as far as they can be believed.
    case unknownKey
    /// Several keys fit the header, which names none of them.
    case ambiguousKey
    /// The signature is not that of the key.
    case badSignature
    /// Signed, but the payload is not one JSON object with unique members and claims of the right types.
    case malformedClaims
    /// Signed, but without `exp`: such a token would be valid for ever.
    case noExpiry
    /// Signed, but its time is over.
    case expired
    /// Signed, but `nbf` or `iat` lies in the future.
    case notYetValid
    /// Signed, but by another issuer than the configured ones.
    case wrongIssuer
    /// Signed, but for another audience than the configured ones.
    case wrongAudience
    /// Signed, but no claim names a usable user.
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
