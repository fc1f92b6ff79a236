internal import JSON

/// The JOSE header of a token: an algorithm, which the key must admit, and the `kid`.
///
/// Keys that come with the token (`jwk`, `jku`, `x5u`, `x5c`) are ignored like any unknown member: a key chosen by the
/// sender proves nothing.
struct TokenHeader {
    var algorithm: SignatureAlgorithm
    var keyID: String?

    /// Decodes and reads a token's header.
    init(of token: borrowing CompactToken) throws(TokenError) {
        guard let json = Base64URL.decode(token.header) else { throw .malformed }
        try self.init(json.span)
    }

    /// Reads a header's JSON, which is one object with unique members.
    init(_ json: Span<UInt8>) throws(TokenError) {
        var reader = StrictReader(json, failure: TokenError.malformed)
        var names = StrictReader<TokenError>.Names()
        // Nil until the member is read; then its algorithm, nil inside when it is not supported.
        var named: SignatureAlgorithm??
        try reader.beginObject()
        while let name = try reader.nextMember(&names) {
            switch name {
            case "alg":
                guard let text = try reader.text() else { throw .malformed }
                named = .some(SignatureAlgorithm(text))
            case "kid": keyID = try reader.string()
            case "typ": guard try !Self.isForeign(type: reader.string()) else { throw .foreignType }
            case "crit", "b64": throw .unsupportedHeader
            default: break
            }
        }
        try reader.finish()
        guard let named else { throw .malformed }
        guard let algorithm = named else { throw .unsupportedAlgorithm }
        self.algorithm = algorithm
    }

    /// Whether a media type excludes a bearer token, even with a valid signature.
    ///
    /// RFC 8725, section 3.11: kinds of JWT that must not be confused are typed `…+jwt`; of these only `at+jwt`, the
    /// access token of RFC 9068, is accepted. `…+json` is the JSON serialisation.
    private static func isForeign(type: String) -> Bool {
        let type = type.lowercased()
        if type.hasSuffix("+jwt") { return type != "at+jwt" && type != "application/at+jwt" }
        return type.hasSuffix("+json")
    }
}
