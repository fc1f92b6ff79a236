internal import JSON

/// A JWK Set as an issuer publishes it (RFC 7517, section 5): a value that threads may exchange.
///
/// Keys that cannot be used are left out, each with its reason; the others were checked.
public struct JWKSet: Equatable, Sendable {
    /// The longest text that is read.
    public static let maximumBytes = 256 << 10
    /// The most keys a set may hold.
    public static let maximumKeys = 100

    /// The keys that may be used, in the set's order.
    public private(set) var keys: [JWK] = []
    /// The keys that may not be used, in the set's order; duplicates last.
    public private(set) var refusals: [JWK.Refusal] = []

    /// Creates an empty set, as it is before the first fetch: every token is refused.
    public init() {}

    /// Reads a set's JSON.
    public init(_ json: Span<UInt8>) throws(JWKSetError) {
        guard json.count <= Self.maximumBytes else { throw .tooLong }
        var reader = StrictReader(json, failure: JWKSetError.malformed)
        var names = StrictReader<JWKSetError>.Names()
        var hasKeys = false
        try reader.beginObject()
        while let name = try reader.nextMember(&names) {
            guard name == "keys" else { continue }
            guard try reader.isArray() else { throw .malformed }
            hasKeys = true
            while try reader.nextElement() {
                guard keys.count + refusals.count < Self.maximumKeys else { throw .tooManyKeys }
                let reading = try JWKReading(&reader)
                switch reading.key() {
                case .success(let key): keys.append(key)
                case .failure(let reason): refusals.append(JWK.Refusal(keyID: reading.keyID, reason: reason))
                }
            }
        }
        try reader.finish()
        guard hasKeys else { throw .malformed }
        refuseDuplicates()
    }

    /// Leaves out keys of the same `kid` and algorithm, which a token cannot tell apart.
    private mutating func refuseDuplicates() {
        let all = keys
        keys.removeAll { key in
            key.keyID != nil
                && all.count { $0.keyID == key.keyID && $0.algorithms.contains(where: key.algorithms.contains) } > 1
        }
        for key in all where !keys.contains(key) {
            refusals.append(JWK.Refusal(keyID: key.keyID, reason: .duplicateKeyID))
        }
    }
}

/// Why a text is not a JWK Set.
public enum JWKSetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Longer than `JWKSet.maximumBytes`.
    case tooLong
    /// More keys than `JWKSet.maximumKeys`.
    case tooManyKeys
    /// Not JSON, not an object with an array `keys`, or an object with duplicate members.
    case malformed

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .tooLong: "the key set is longer than \(JWKSet.maximumBytes) bytes"
        case .tooManyKeys: "the key set has more than \(JWKSet.maximumKeys) keys"
        case .malformed: "the key set is malformed"
        }
    }
}
