internal import Base
internal import OpenSSL

/// Users' ids as logs may keep them: the same for the same user, and not the id.
///
/// Keyed: an id is often an e-mail address, which anybody can hash who wants to know whether it is in a log. Those that
/// were asked for lately are remembered: an HMAC takes longer than all that is done about a known token.
public struct UserHashes {
    /// Twelve hexadecimal digits in ASCII.
    public typealias Digits = InlineArray<12, UInt8>

    private struct Entry {
        var user: String
        var digits: Digits
    }

    /// Each user has one place, and leaves it to whoever needs it next.
    private var entries: [Entry?]
    private let hmac: HMACSHA256

    /// Remembers nobody yet.
    ///
    /// - Parameter key: the same for all whose hashes are to be the same.
    /// - Parameter count: how many places there are, 32 bytes each; 1 or more.
    public init(key: SharedSecret, count: Int = 4_096) throws(KeySetError) {
        precondition(count > 0, "there is a place for one user at least")
        entries = Array(repeating: nil, count: count)
        do throws(OpenSSLError) {
            hmac = try HMACSHA256(key: key.bytes.span)
        } catch {
            throw .cryptography(error.description)
        }
    }

    /// The start of the HMAC-SHA-256 of the id's UTF-8 bytes: enough to tell users apart.
    public mutating func digits(of user: String) -> Digits {
        let id = user.utf8Span.span
        // Seeded by the process: nobody can choose users that share a place.
        let place = Int(UInt(bitPattern: user.hashValue) % UInt(entries.count))
        // By bytes: `String`'s own equality takes different spellings of a character for one.
        if let entry = entries[place], entry.user.utf8Span.span.equals(id) { return entry.digits }
        let digits = digits(ofStartOf: id)
        entries[place] = Entry(user: user, digits: digits)
        return digits
    }

    private func digits(ofStartOf id: Span<UInt8>) -> Digits {
        var digits = Digits(repeating: UInt8(ascii: "-"))
        // The function fails for lack of memory only.
        guard let code = try? hmac.code(for: id) else { return digits }
        for index in 0..<digits.count {
            let digit = index.isMultiple(of: 2) ? code[index / 2] >> 4 : code[index / 2] & 0xF
            digits[index] = digit.hexadecimalDigit
        }
        return digits
    }
}
