internal import Glibc

extension Span<UInt8> {
    /// Whether another span holds the same bytes; for what is no secret.
    ///
    /// The corresponding C function is `memcmp`.
    func hasSameBytes(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return unsafe memcmp(first, second, left.count) == 0
            }
        }
    }
}
