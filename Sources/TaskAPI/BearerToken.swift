/// The bearer token of an `Authorization` header (RFC 6750, section 2.1).
struct BearerToken: ~Escapable {
    /// The token in compact serialisation, not verified yet.
    let compact: Span<UInt8>

    /// Extracts the token; a request without one, or with another scheme, is not authenticated.
    ///
    /// Two tokens are read as one with a space in it, which every verifier refuses.
    @_lifetime(copy header)
    init(_ header: Span<UInt8>?) throws(Problem) {
        guard let header = header?.trimmed else { throw .noToken }
        let end = header.firstIndex(of: UInt8(ascii: " "))
        guard header.extracting(0..<end).equalsIgnoringCase("bearer") else { throw .noToken }
        let token = header.extracting(end..<header.count).trimmed
        guard !token.isEmpty else { throw .noToken }
        compact = token
    }
}
