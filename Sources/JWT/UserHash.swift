internal import OpenSSL

/// A user's id as logs may keep it: the same for the same user, and not the id.
public enum UserHash {
    /// Twelve hexadecimal digits: the start of the SHA-256 of the id's UTF-8 bytes.
    ///
    /// Enough to tell users apart; whoever knows an id can still find its requests.
    public static func digits(of userID: String) -> String {
        // The function fails for lack of memory only.
        guard let digest = try? SHA256.digest(userID.utf8Span.span) else { return "" }
        var digits = ""
        for index in 0..<6 {
            digits += (digest[index] < 16 ? "0" : "") + String(digest[index], radix: 16)
        }
        return digits
    }
}
