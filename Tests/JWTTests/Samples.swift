import JWT

/// The secrets and the time of the tests.
enum Sample {
    static let secret = "a secret of at least 32 bytes, for tests"
    static let otherSecret = "another secret of at least 32 bytes, too"
    static let header = #"{"alg":"HS256","typ":"JWT"}"#
    /// The current time of all tests.
    static let now: Int64 = 1_800_000_000

    /// A signed token.
    static func token(
        _ payload: String, header: String = Sample.header, secret: String = Sample.secret
    ) throws -> String {
        try SharedSecretSigner.sign(header: header, payload: payload.utf8.span, secret: SharedSecret(secret))
    }

    /// A token that is valid for a minute.
    static func valid(_ user: String, extra: String = "") throws -> String {
        try token(#"{"sub":"\#(user)","exp":\#(now + 60)\#(extra)}"#)
    }

    /// A verifier of one secret.
    static func verifier(
        claims: ClaimsPolicy = ClaimsPolicy(), cache: TokenCache.Limits = TokenCache.Limits()
    ) throws -> TokenVerifier {
        TokenVerifier(keys: try KeySet(secrets: [SharedSecret(secret)]), claims: claims, cache: cache)
    }
}

extension TokenVerifier {
    /// The user of a token, or why it is refused.
    func outcome(_ token: String, at now: Int64 = Sample.now) -> Result<String, TokenError> {
        let bytes = Array(token.utf8)
        do throws(TokenError) {
            return .success(try verify(bytes.span, at: now))
        } catch {
            return .failure(error)
        }
    }
}

/// Text as base64url.
func encoded(_ text: String) -> String {
    String(decoding: Base64URL.encode(text.utf8.span), as: UTF8.self)
}

/// The bytes of a base64url text; nil when it is refused.
func decoded(_ text: some StringProtocol) -> [UInt8]? {
    let text = Array(text.utf8)
    return Base64URL.decode(text.span)
}
