internal import Base
internal import OpenSSL

/// Hashes of user ids for logs: the same user always has the same hash.
///
/// Keyed, since an id is often an e-mail address, and a plain hash of it could be recomputed to search a log for it.
/// Recent hashes are cached, since an HMAC takes longer than the look-up of a cached token.
public struct UserHashes {
    /// Twelve hexadecimal digits in ASCII.
    public typealias Digits = InlineArray<12, UInt8>

    private struct Entry {
        var user: String
        var digits: Digits
    }

    /// Direct-mapped by the user's hash: users of the same slot replace each other.
    private var entries: [Entry?]
    private let hmac: HMACSHA256

    /// Creates an empty cache.
    ///
    /// - Parameter key: equal keys give equal hashes.
    /// - Parameter count: how many slots the cache has, 32 bytes each; 1 or more.
    public init(key: SharedSecret, count: Int = 4_096) throws(KeySetError) {
        precondition(count > 0, "at least one slot")
        entries = Array(repeating: nil, count: count)
        do throws(OpenSSLError) {
            hmac = try HMACSHA256(key: key.bytes.span)
        } catch {
            throw .cryptography(error.description)
        }
    }

    /// The first six bytes of the HMAC-SHA-256 of the id's UTF-8 bytes: enough to tell users apart.
    public mutating func digits(of user: String) -> Digits {
        let id = user.utf8Span.span
        // `hashValue` is seeded per process, so colliding users cannot be chosen.
        let slot = Int(UInt(bitPattern: user.hashValue) % UInt(entries.count))
        // Compared by bytes: `String` considers canonically equivalent texts equal.
        if let entry = entries[slot], entry.user.utf8Span.span.equals(id) { return entry.digits }
        let digits = digits(ofStartOf: id)
        entries[slot] = Entry(user: user, digits: digits)
        return digits
    }

    private func digits(ofStartOf id: Span<UInt8>) -> Digits {
        var digits = Digits(repeating: UInt8(ascii: "-"))
        // HMAC fails only for lack of memory.
        guard let code = try? hmac.code(for: id) else { return digits }
        for index in 0..<digits.count {
            let digit = index.isMultiple(of: 2) ? code[index / 2] >> 4 : code[index / 2] & 0xF
            digits[index] = digit.hexadecimalDigit
        }
        return digits
    }
}
