internal import OpenSSL

/// A secret that this service shares with whoever mints its HS256 tokens, or another key of its own.
public struct SharedSecret: Sendable {
    /// RFC 7518, section 3.2: a key has at least the size of the hash.
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

    /// A secret for one purpose, which tells nothing of this one: the HMAC-SHA-256 of the purpose's name.
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
    /// Says nothing of the secret.
    public var description: String { "SharedSecret" }
    /// Shows nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why keys cannot be used at all: the service refuses to start.
public enum KeySetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A shared secret has fewer bytes than `SharedSecret.minimumBytes`.
    case secretTooShort(bytes: Int)
    /// OpenSSL lacks memory or an algorithm.
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
