import JWT

/// Whose tokens count.
struct IdentitySettings {
    let secret: SharedSecret?
    let previous: SharedSecret?
    let claims: ClaimsPolicy

    init(_ reader: inout SettingsReader) {
        secret = reader.secret("BETTER_AUTH_SECRET", isRequired: true)
        previous = reader.secret("BETTER_AUTH_SECRET_PREVIOUS", isRequired: false)
        let userClaims = reader.list("JWT_USER_CLAIMS")
        if userClaims.count > 64 { reader.problem("JWT_USER_CLAIMS must be at most 64 names") }
        claims = ClaimsPolicy(
            userClaims: userClaims.isEmpty || userClaims.count > 64 ? ClaimsPolicy.defaultUserClaims : userClaims,
            issuers: reader.list("JWT_ISSUER"),
            audiences: reader.list("JWT_AUDIENCE"),
            leeway: reader.integer("JWT_LEEWAY", default: 5, in: 0...60)
        )
    }

    /// The keys, prepared; the current secret first.
    func keySet() throws(KeySetError) -> KeySet {
        try KeySet(secrets: [secret, previous].compactMap { $0 })
    }
}
