internal import JSON

/// What a token's header may say to us: an algorithm, which the key must admit, and the name of a key.
///
/// Keys that come with the token (`jwk`, `jku`, `x5u`, `x5c`) are passed over like any unknown member: nobody believes
/// a key because its owner sent it.
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
        // Nil until the member is there; then whether we speak the algorithm.
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

    /// Whether a media type says that this is no bearer's token, although its signature may be right.
    ///
    /// RFC 8725, section 3.11: kinds of JWT that must not be mixed up are typed `…+jwt`; only `at+jwt`, the access
    /// token of RFC 9068, is for us. `…+json` is the other serialisation.
    private static func isForeign(type: String) -> Bool {
        let type = type.lowercased()
        if type.hasSuffix("+jwt") { return type != "at+jwt" && type != "application/at+jwt" }
        return type.hasSuffix("+json")
    }
}
