/// The claims of a token whose signature is valid, checked against a policy.
struct Claims {
    let user: String
    let validity: Validity

    /// Reads a payload's JSON, which is one object with unique members, and checks it.
    init(_ json: Span<UInt8>, policy: ClaimsPolicy, at now: Int64) throws(TokenError) {
        var reading = ClaimsReading(policy: policy)
        try reading.payload(json)
        guard let expires = reading.expires else { throw .noExpiry }
        validity = Validity(
            // The sums cannot overflow: `NumericDate` bounds every date to 53 bits.
            notBefore: max(reading.notBefore, reading.issuedAt) - policy.leeway, expires: expires + policy.leeway)
        try validity.check(at: now)
        guard policy.issuers.isEmpty || reading.isFromIssuer else { throw .wrongIssuer }
        guard policy.audiences.isEmpty || reading.isForAudience else { throw .wrongAudience }
        guard let user = reading.user?.id else { throw .noUser }
        self.user = user
    }
}

/// `NumericDate` of RFC 7519, section 2: seconds since 1970, possibly with a fraction.
enum NumericDate {
    /// The range in which a double holds every whole second exactly.
    static let range: ClosedRange<Int64> = -(1 << 53)...1 << 53

    /// The first whole second not before a date; nil outside of the range.
    static func wholeSeconds(_ date: Double) -> Int64? {
        guard date >= Double(range.lowerBound), date <= Double(range.upperBound) else { return nil }
        let seconds = Int64(date)
        return Double(seconds) < date ? seconds + 1 : seconds
    }
}
