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

extension String {
    /// The text of ASCII bytes.
    init(copying ascii: Span<UInt8>) {
        self = unsafe ascii.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
