internal import OpenSSL

/// A secret that this service shares with the signer of its HS256 tokens, or another secret key of this service.
public struct SharedSecret: Sendable {
    /// RFC 7518, section 3.2: a key is at least as long as the hash.
    public static let minimumBytes = 32

    let bytes: [UInt8]

    /// Takes the secret's raw bytes.
    public init(bytes: [UInt8]) throws(KeySetError) {
        guard bytes.count >= Self.minimumBytes else { throw .secretTooShort(bytes: bytes.count) }
        self.bytes = bytes
    }

    /// Takes the UTF-8 bytes of a text, as Better Auth does with `BETTER_AUTH_SECRET`.
    public init(_ text: String) throws(KeySetError) {
        try self.init(bytes: Array(text.utf8))
    }

    /// Derives a secret for one purpose, which does not reveal this one: the HMAC-SHA-256 of the purpose's name.
    public func derived(for purpose: StaticString) throws(KeySetError) -> SharedSecret {
        let code: HMACSHA256.Code
        do throws(OpenSSLError) {
            let name = unsafe UnsafeBufferPointer(start: purpose.utf8Start, count: purpose.utf8CodeUnitCount)
            code = try unsafe HMACSHA256(key: bytes.span).code(for: Span(_unsafeElements: name))
        } catch {
            throw .cryptography(error.description)
        }
        return try SharedSecret(bytes: code.indices.map { code[$0] })
    }
}

extension SharedSecret: CustomStringConvertible, CustomReflectable {
    /// Does not contain the secret.
    public var description: String { "SharedSecret" }
    /// Does not contain the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why configured keys cannot be used: the service does not start.
public enum KeySetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A shared secret has fewer bytes than `SharedSecret.minimumBytes`.
    case secretTooShort(bytes: Int)
    /// OpenSSL has no memory, or lacks an algorithm.
    case cryptography(String)

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .secretTooShort(let bytes):
            "a shared secret needs at least \(SharedSecret.minimumBytes) bytes, this one has \(bytes)"
        case .cryptography(let reason): reason
        }
    }
}
