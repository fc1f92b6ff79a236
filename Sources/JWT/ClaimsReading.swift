internal import Base
internal import JSON

/// The claims read from a payload so far.
struct ClaimsReading {
    private typealias Reader = StrictReader<TokenError>

    private let policy: ClaimsPolicy
    private(set) var expires: Int64?
    private(set) var notBefore = NumericDate.range.lowerBound
    private(set) var issuedAt = NumericDate.range.lowerBound
    private(set) var isFromIssuer = false
    private(set) var isForAudience = false
    /// The user by the foremost path present so far; the id is nil when that claim is no usable id.
    private(set) var user: (path: Int, id: String?)?

    /// Starts with nothing.
    init(policy: ClaimsPolicy) {
        self.policy = policy
    }

    /// Reads the whole payload.
    mutating func payload(_ json: Span<UInt8>) throws(TokenError) {
        var reader = Reader(json, failure: .malformedClaims)
        var names = Reader.Names()
        try reader.beginObject()
        while let name = try reader.nextMember(&names) {
            switch name {
            case "exp": expires = try date(&reader)
            case "nbf": notBefore = try date(&reader)
            case "iat": issuedAt = try date(&reader)
            case "iss": isFromIssuer = try isFromIssuer(&reader)
            case "aud": isForAudience = try isForAudience(&reader)
            default: try member(String(name), level: 0, of: UInt64.max, &reader)
            }
        }
        try reader.finish()
    }

    private func date(_ reader: inout Reader) throws(TokenError) -> Int64 {
        guard let number = try reader.number() else { throw .malformedClaims }
        guard let seconds = NumericDate.wholeSeconds(number.double) else { throw .malformedClaims }
        return seconds
    }
}

// MARK: - Issuer and audience

extension ClaimsReading {
    private func isFromIssuer(_ reader: inout Reader) throws(TokenError) -> Bool {
        guard !policy.issuers.isEmpty else { return false }
        return try policy.issuers.contains(ClaimsPolicy.withoutTrailingSlash(reader.string()))
    }

    private func isForAudience(_ reader: inout Reader) throws(TokenError) -> Bool {
        guard !policy.audiences.isEmpty else { return false }
        guard try reader.isArray() else {
            return try policy.audiences.contains(ClaimsPolicy.withoutTrailingSlash(reader.string()))
        }
        var found = false
        while try reader.nextElement() {
            let audience = try ClaimsPolicy.withoutTrailingSlash(reader.string())
            found = found || policy.audiences.contains(audience)
        }
        return found
    }
}

// MARK: - User

extension ClaimsReading {
    /// Reads a member that may hold the user id, or contain the member that does.
    ///
    /// - Parameter level: how many names of a path are matched already.
    /// - Parameter paths: a bit for each of the policy's paths that match so far.
    private mutating func member(
        _ name: String, level: Int, of paths: UInt64, _ reader: inout Reader
    ) throws(TokenError) {
        var deeper: UInt64 = 0
        var ending: Int?
        for (index, path) in policy.userPaths.enumerated()
        where paths >> index & 1 == 1 && path.count > level && path[level] == name {
            if path.count > level + 1 { deeper |= 1 << index } else { ending = ending ?? index }
        }
        if let ending, ending < user?.path ?? .max {
            if try reader.isNull() { return }
            user = (ending, try userID(&reader))
        }
        if deeper != 0, try reader.isObject() {
            var names = Reader.Names()
            while let name = try reader.nextMember(&names) {
                try member(String(name), level: level + 1, of: deeper, &reader)
            }
        }
    }

    /// The user id of a string or a whole number; nil for any other value.
    private func userID(_ reader: inout Reader) throws(TokenError) -> String? {
        if let text = try reader.text() {
            let id = String(text)
            // PostgreSQL's `text` cannot hold U+0000, so no task can belong to such an id.
            return 1...TokenLimits.userIDBytes ~= id.utf8.count && !id.utf8.contains(0) ? id : nil
        }
        guard let number = try reader.number(), number.source.count <= TokenLimits.userIDBytes else { return nil }
        // Digits only: with fractions, exponents or a negative zero one user would have several ids.
        let digits = number.source
        for index in digits.indices {
            switch digits[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "-") where index == 0 && digits[1] != UInt8(ascii: "0"): continue
            default: return nil
            }
        }
        return String(copying: digits)
    }
}
