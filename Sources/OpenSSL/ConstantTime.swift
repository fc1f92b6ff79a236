internal import COpenSSL

/// Whether two byte strings are equal, in a time that depends only on their lengths.
///
/// The corresponding C function is `CRYPTO_memcmp`.
public func equalInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}
