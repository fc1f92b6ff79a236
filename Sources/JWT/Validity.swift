/// The period in which a token is valid: whole seconds since 1970, leeway included.
struct Validity: Equatable {
    /// The first second it is valid in.
    var notBefore: Int64
    /// The first second it is no longer valid in.
    var expires: Int64

    /// Throws for a time outside the period.
    func check(at now: Int64) throws(TokenError) {
        guard now < expires else { throw .expired }
        guard now >= notBefore else { throw .notYetValid }
    }
}
