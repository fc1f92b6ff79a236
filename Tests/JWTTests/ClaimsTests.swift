import JWT
import Testing

@Suite("Claims")
struct ClaimsTests {
    private let now = Sample.now

    private func outcome(_ payload: String, _ policy: ClaimsPolicy = ClaimsPolicy()) throws -> Result<
        String, TokenError
    > {
        try Sample.verifier(claims: policy).outcome(Sample.token(payload))
    }

    @Test(
        "The first present of sub, user_id, userId, id and user.id is the user id, in any order of members",
        arguments: [
            (#""sub":"ann""#, "ann"), (#""user_id":"ann""#, "ann"), (#""userId":"ann""#, "ann"),
            (#""id":"ann""#, "ann"),
            (#""user":{"name":"x","id":"ann"}"#, "ann"), (#""user":{"id":"bob"},"sub":"ann""#, "ann"),
            (#""id":"d","userId":"c","user_id":"b","sub":"a""#, "a"), (#""id":"d","userId":"c","user_id":"b""#, "b"),
            (#""sub":null,"id":"ann""#, "ann"), (#""sub":"ann","id":7"#, "ann"), (#""s\u0075b":"ann""#, "ann"),
            (#""sub":"ann@example.com""#, "ann@example.com"), (#""sub":"\u00e9\ud83d\ude00/ä b""#, "é😀/ä b"),
            (#""sub":42"#, "42"), (#""sub":0"#, "0"), (#""sub":-7"#, "-7"),
            (#""id":123456789012345678901234567890"#, "123456789012345678901234567890"),
            (#""user":"x","id":"ann""#, "ann"),
            (#""user":[{"id":"bob"}],"id":"ann""#, "ann"),
        ])
    func user(claims: String, id: String) throws {
        #expect(try outcome(#"{\#(claims),"exp":\#(now + 60)}"#) == .success(id))
        #expect(try outcome(#"{"exp":\#(now + 60),\#(claims)}"#) == .success(id))
    }

    @Test(
        "A token without a user id is refused, and after an unusable claim the next one is not tried",
        arguments: [
            #""x":1"#, #""sub":null"#, #""sub":"""#, #""sub":"","id":"ann""#, #""sub":true,"id":"ann""#,
            #""sub":{},"id":"ann""#,
            #""sub":["ann"]"#, #""sub":"a\u0000b""#, #""sub":1.5"#, #""sub":1e3"#, #""sub":-0"#, #""sub":1.0"#,
            #""user":{"name":"ann"}"#, #""user":"ann""#, #""Sub":"ann""#, #""user.id":"ann""#, #""x":{"sub":"ann"}"#,
        ])
    func noUser(claims: String) throws {
        #expect(try outcome(#"{\#(claims),"exp":\#(now + 60)}"#) == .failure(.noUser))
    }

    @Test("A user id has at most 512 bytes of UTF-8")
    func longUser() throws {
        for (id, isAccepted) in [
            (String(repeating: "x", count: 512), true), (String(repeating: "x", count: 513), false),
            (String(repeating: "é", count: 256), true), (String(repeating: "é", count: 257), false),
        ] {
            #expect(
                try outcome(#"{"sub":"\#(id)","exp":\#(now + 60)}"#) == (isAccepted ? .success(id) : .failure(.noUser)))
        }
    }

    @Test("The claims for the user id can be configured: dots separate nested names, URIs are not split")
    func configuredUser() throws {
        let policy = ClaimsPolicy(userClaims: ["https://a.example/user", "data.account.id", "data.id"])
        let exp = now + 60
        #expect(try outcome(#"{"https://a.example/user":"u","exp":\#(exp)}"#, policy) == .success("u"))
        #expect(try outcome(#"{"data":{"id":"b","account":{"id":"a"}},"exp":\#(exp)}"#, policy) == .success("a"))
        #expect(try outcome(#"{"data":{"id":"b"},"exp":\#(exp)}"#, policy) == .success("b"))
        #expect(try outcome(#"{"sub":"ann","exp":\#(exp)}"#, policy) == .failure(.noUser))
        #expect(try outcome(#"{"data":{"id":"a","id":"b"},"exp":\#(exp)}"#, policy) == .failure(.malformedClaims))
    }

    @Test(
        "exp is required and a finite number, and the token expires at that second plus the leeway",
        arguments: [
            ("", .failure(.noExpiry)), (",\"exp\":1799999995", .failure(.expired)),
            (",\"exp\":1799999996", .success("ann")),
            (",\"exp\":1799999995.5", .success("ann")), (",\"exp\":1.8e9", .success("ann")),
            (",\"exp\":-1", .failure(.expired)),
            (",\"exp\":-0", .failure(.expired)), (",\"exp\":0", .failure(.expired)),
            (",\"exp\":-1e15", .failure(.expired)),
            (",\"exp\":9007199254740992", .success("ann")), (",\"exp\":9007199254740994", .failure(.malformedClaims)),
            (",\"exp\":1e300", .failure(.malformedClaims)), (",\"exp\":1e999", .failure(.malformedClaims)),
            (",\"exp\":-1e999", .failure(.malformedClaims)), (",\"exp\":\"1800000060\"", .failure(.malformedClaims)),
            (",\"exp\":null", .failure(.malformedClaims)), (",\"exp\":true", .failure(.malformedClaims)),
            (",\"exp\":[1800000060]", .failure(.malformedClaims)), (",\"exp\":{}", .failure(.malformedClaims)),
            (",\"exp\":NaN", .failure(.malformedClaims)), (",\"exp\":Infinity", .failure(.malformedClaims)),
            (",\"exp\":01800000060", .failure(.malformedClaims)), (",\"exp\":+1800000060", .failure(.malformedClaims)),
            (",\"exp\":0x7fffffff", .failure(.malformedClaims)),
            (",\"exp\":18446744073709551616", .failure(.malformedClaims)),
            (",\"exp\":-9223372036854775808", .failure(.malformedClaims)),
            (",\"exp\":1800000060,\"exp\":1800000061", .failure(.malformedClaims)),
        ] as [(String, Result<String, TokenError>)])
    func expiry(member: String, expected: Result<String, TokenError>) throws {
        #expect(try outcome(#"{"sub":"ann"\#(member)}"#) == expected)
    }

    @Test(
        "nbf and iat may lie in the future by the leeway and no more",
        arguments: ["nbf", "iat"],
        [
            ("1800000005", .success("ann")), ("1800000005.5", .failure(.notYetValid)),
            ("1800000006", .failure(.notYetValid)),
            ("0", .success("ann")), ("-5", .success("ann")), ("1e15", .failure(.notYetValid)),
            ("1e300", .failure(.malformedClaims)), ("\"0\"", .failure(.malformedClaims)),
            ("null", .failure(.malformedClaims)),
        ] as [(String, Result<String, TokenError>)])
    func notBefore(claim: String, row: (value: String, expected: Result<String, TokenError>)) throws {
        #expect(try outcome(#"{"sub":"ann","exp":1900000000,"\#(claim)":\#(row.value)}"#) == row.expected)
    }

    @Test("The leeway is clamped to 60 seconds", arguments: [(0, 0), (-5, 0), (10, 10), (60, 60), (3_600, 60)])
    func leeway(configured: Int, effective: Int64) throws {
        let policy = ClaimsPolicy(leeway: configured)
        #expect(try outcome(#"{"sub":"ann","exp":\#(now - effective + 1)}"#, policy) == .success("ann"))
        #expect(try outcome(#"{"sub":"ann","exp":\#(now - effective)}"#, policy) == .failure(.expired))
        #expect(try outcome(#"{"sub":"ann","exp":1900000000,"nbf":\#(now + effective)}"#, policy) == .success("ann"))
        #expect(
            try outcome(#"{"sub":"ann","exp":1900000000,"nbf":\#(now + effective + 1)}"#, policy)
                == .failure(.notYetValid))
    }

    @Test(
        "iss and aud are checked when configured; one trailing slash is ignored",
        arguments: [
            (#""iss":"https://a.example","aud":"https://b.example""#, .success("ann")),
            (#""iss":"https://a.example/","aud":"https://b.example/""#, .success("ann")),
            (#""iss":"https://a.example","aud":["x","https://b.example"]"#, .success("ann")),
            (#""iss":"https://a.example//","aud":"https://b.example""#, .failure(.wrongIssuer)),
            (#""iss":"https://A.example","aud":"https://b.example""#, .failure(.wrongIssuer)),
            (#""aud":"https://b.example""#, .failure(.wrongIssuer)),
            (#""iss":["https://a.example"],"aud":"https://b.example""#, .failure(.malformedClaims)),
            (#""iss":"https://a.example""#, .failure(.wrongAudience)),
            (#""iss":"https://a.example","aud":[]"#, .failure(.wrongAudience)),
            (#""iss":"https://a.example","aud":["https://a.example"]"#, .failure(.wrongAudience)),
            (#""iss":"https://a.example","aud":["https://b.example",7]"#, .failure(.malformedClaims)),
            (#""iss":"https://a.example","aud":{"https://b.example":1}"#, .failure(.malformedClaims)),
            (#""iss":"https://a.example","aud":null"#, .failure(.malformedClaims)),
        ] as [(String, Result<String, TokenError>)])
    func issuerAndAudience(members: String, expected: Result<String, TokenError>) throws {
        let policy = ClaimsPolicy(issuers: ["https://a.example/"], audiences: ["https://b.example"])
        #expect(try outcome(#"{"sub":"ann","exp":1900000000,\#(members)}"#, policy) == expected)
        #expect(try outcome(#"{"sub":"ann","exp":1900000000,\#(members)}"#) == .success("ann"))
    }

    @Test("Expiry is reported before any other error of the claims, so that a client fetches a new token")
    func expiryComesFirst() throws {
        let policy = ClaimsPolicy(issuers: ["https://a.example"])
        #expect(try outcome(#"{"iss":"x","exp":1}"#, policy) == .failure(.expired))
    }

    @Test(
        "A signed payload that is not one JSON object with unique members is refused",
        arguments: [
            "[]", "null", "7", "\"x\"", "{", "{}{}", #"{"sub":"a","exp":1900000000,"sub":"b"}"#,
            #"{"sub":"a","exp":1900000000,"s\u0075b":"a"}"#, #"{"sub":"a","exp":1900000000,"x":1,"x":1}"#,
            #"{"sub":"\ud800","exp":1900000000}"#, #"{"sub":"a","exp":1900000000,}"#,
            "{\"sub\":\"a\u{1}\",\"exp\":1900000000}",
        ])
    func malformedPayload(payload: String) throws {
        #expect(try outcome(payload) == .failure(.malformedClaims))
    }
}
