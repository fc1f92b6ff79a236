internal import Glibc

/// Texts compared by their UTF-8 bytes, as PostgreSQL's collation "C" does: `String` compares canonically equivalent
/// texts as equal.
extension String {
    /// Whether its bytes precede another's lexicographically.
    ///
    /// The corresponding C function is `memcmp`.
    func hasBytesBefore(_ other: String) -> Bool {
        let left = utf8Span.span
        let right = other.utf8Span.span
        let order = unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return Int32(0) }
                return unsafe memcmp(first, second, min(left.count, right.count))
            }
        }
        return order == 0 ? left.count < right.count : order < 0
    }
}
