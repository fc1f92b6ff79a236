internal import Base
internal import OpenSSL

/// Users' ids as logs may keep them: the same for the same user, and not the id.
///
/// Those that were asked for lately are remembered: a SHA-256 takes longer than all that is done about a known token.
public struct UserHashes {
    /// Twelve hexadecimal digits in ASCII.
    public typealias Digits = InlineArray<12, UInt8>

    private struct Entry {
        var user: String
        var digits: Digits
    }

    /// Each user has one place, and leaves it to whoever needs it next.
    private var entries: [Entry?]

    /// Remembers nobody yet.
    ///
    /// - Parameter count: how many places there are, 32 bytes each; 1 or more.
    public init(count: Int = 4_096) {
        precondition(count > 0, "there is a place for one user at least")
        entries = Array(repeating: nil, count: count)
    }

    /// The start of the SHA-256 of the id's UTF-8 bytes.
    ///
    /// Enough to tell users apart; whoever knows an id can still find its requests.
    public mutating func digits(of user: String) -> Digits {
        let id = user.utf8Span.span
        // Seeded by the process: nobody can choose users that share a place.
        let place = Int(UInt(bitPattern: user.hashValue) % UInt(entries.count))
        // By bytes: `String`'s own equality takes different spellings of a character for one.
        if let entry = entries[place], entry.user.utf8Span.span.equals(id) { return entry.digits }
        let digits = Self.digits(ofStartOf: id)
        entries[place] = Entry(user: user, digits: digits)
        return digits
    }

    private static func digits(ofStartOf id: Span<UInt8>) -> Digits {
        var digits = Digits(repeating: UInt8(ascii: "-"))
        // The function fails for lack of memory only.
        guard let digest = try? SHA256.digest(id) else { return digits }
        for index in 0..<digits.count {
            let digit = index.isMultiple(of: 2) ? digest[index / 2] >> 4 : digest[index / 2] & 0xF
            digits[index] = digit.hexadecimalDigit
        }
        return digits
    }
}
