internal import COpenSSL

/// SHA-256 of FIPS 180-4.
public enum SHA256 {
    /// A digest: 32 bytes.
    public typealias Digest = InlineArray<32, UInt8>

    /// The size of a digest.
    public static let byteCount = 32

    /// The digest of a message.
    ///
    /// The corresponding C function is `EVP_Digest`.
    public static func digest(_ message: Span<UInt8>) throws(OpenSSLError) -> Digest {
        var digest = Digest(repeating: 0)
        var output = digest.mutableSpan
        let done = unsafe message.withUnsafeBytes { message in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_Digest(message.baseAddress, message.count, output.baseAddress, nil, EVP_sha256(), nil)
            }
        }
        guard done == 1 else { throw OpenSSLError(in: "EVP_Digest") }
        return digest
    }
}
