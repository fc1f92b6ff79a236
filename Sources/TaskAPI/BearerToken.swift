/// What an `Authorization` header carries (RFC 6750, section 2.1).
struct BearerToken: ~Escapable {
    /// The token in its compact form, not looked at yet.
    let compact: Span<UInt8>

    /// Finds the token: none, or another scheme, is a request that is not authenticated.
    ///
    /// Two tokens are one with a space in it, which no verifier takes.
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
