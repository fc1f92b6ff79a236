internal import COpenSSL

/// Verifies signatures of one key under one scheme; prepares everything that does not depend on the message.
///
/// Not thread-safe.
@safe public final class SignatureVerifier {
    /// The length of this key's signatures, in bytes; other lengths are refused at once.
    public let signatureBytes: Int

    private let scheme: SignatureScheme
    private let key: PublicKey
    /// Prepared for `EVP_PKEY_verify`; unused for Ed25519, which hashes the message itself.
    private let context: OpaquePointer
    /// Computes the message's digest, or verifies an Ed25519 signature.
    private let digestContext: OpaquePointer
    private let digest: OpaquePointer?

    /// Prepares a key for a scheme; throws when they do not match.
    ///
    /// The corresponding C functions are `EVP_PKEY_CTX_new_from_pkey`, `EVP_PKEY_verify_init`,
    /// `EVP_PKEY_CTX_set_signature_md` and `EVP_MD_fetch`.
    public init(key: consuming PublicKey, scheme: SignatureScheme) throws(OpenSSLError) {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else {
            throw OpenSSLError(in: "EVP_PKEY_CTX_new_from_pkey")
        }
        unsafe self.context = unsafe context
        guard let digestContext = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_PKEY_CTX_free(context)
            throw OpenSSLError(in: "EVP_MD_CTX_new")
        }
        unsafe self.digestContext = unsafe digestContext
        unsafe digest = unsafe scheme.digestName.flatMap { unsafe EVP_MD_fetch(nil, $0, nil) }
        signatureBytes =
            switch scheme {
            case .ed25519: 64
            case .ecdsaP256SHA256: 2 * PublicKey.Curve.p256.coordinateBytes
            case .ecdsaP521SHA512: 2 * PublicKey.Curve.p521.coordinateBytes
            case .rsaPKCS1SHA256, .rsaPSSSHA256: unsafe Int(EVP_PKEY_get_size(key.pointer))
            }
        self.scheme = scheme
        self.key = key
        guard scheme != .ed25519 else { return }
        guard unsafe digest != nil else { throw OpenSSLError(in: "EVP_MD_fetch") }
        guard unsafe EVP_PKEY_verify_init(context) == 1 else { throw OpenSSLError(in: "EVP_PKEY_verify_init") }
        guard unsafe EVP_PKEY_CTX_set_signature_md(context, digest) == 1 else {
            throw OpenSSLError(in: "EVP_PKEY_CTX_set_signature_md")
        }
        switch scheme {
        case .rsaPKCS1SHA256: try setPadding(RSA_PKCS1_PADDING)
        case .rsaPSSSHA256: try setPadding(RSA_PKCS1_PSS_PADDING)
        case .ed25519, .ecdsaP256SHA256, .ecdsaP521SHA512: break
        }
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(context)
        unsafe EVP_MD_CTX_free(digestContext)
        unsafe EVP_MD_free(digest)
    }

    /// Whether a signature of a message is valid; also false when OpenSSL fails.
    public func isValid(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard signature.count == signatureBytes else { return false }
        // An invalid signature leaves errors in the thread's queue, which another caller of OpenSSL would read.
        defer { ERR_clear_error() }
        switch scheme {
        case .ed25519: return isValidWhole(signature, for: message)
        case .rsaPKCS1SHA256, .rsaPSSSHA256: return isValid(signature, forDigestOf: message)
        case .ecdsaP256SHA256, .ecdsaP521SHA512:
            guard let signature = ECDSASignature.der(signature) else { return false }
            return isValid(signature.span, forDigestOf: message)
        }
    }
}

extension SignatureVerifier {
    /// The corresponding C functions are `EVP_PKEY_CTX_set_rsa_padding`, `EVP_PKEY_CTX_set_rsa_pss_saltlen` and
    /// `EVP_PKEY_CTX_set_rsa_mgf1_md`.
    private func setPadding(_ padding: CInt) throws(OpenSSLError) {
        guard unsafe EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1 else {
            throw OpenSSLError(in: "EVP_PKEY_CTX_set_rsa_padding")
        }
        guard padding == RSA_PKCS1_PSS_PADDING else { return }
        // RFC 7518, section 3.5: the salt is as long as the hash, and MGF1 uses the same hash.
        guard unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1
        else { throw OpenSSLError(in: "EVP_PKEY_CTX_set_rsa_pss_saltlen") }
    }

    /// The corresponding C functions are `EVP_DigestInit_ex2`, `EVP_DigestUpdate`, `EVP_DigestFinal_ex` and
    /// `EVP_PKEY_verify`, which may be called again and again on one context.
    private func isValid(_ signature: Span<UInt8>, forDigestOf message: Span<UInt8>) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { hash in
            var length: CUnsignedInt = 0
            let isHashed = unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestInit_ex2(digestContext, digest, nil) == 1
                    && EVP_DigestUpdate(digestContext, message.baseAddress, message.count) == 1
                    && EVP_DigestFinal_ex(digestContext, hash.baseAddress, &length) == 1
            }
            guard isHashed else { return false }
            return unsafe signature.withUnsafeBufferPointer { signature in
                unsafe EVP_PKEY_verify(
                    context, signature.baseAddress, signature.count, hash.baseAddress, Int(length)) == 1
            }
        }
    }

    /// The corresponding C functions are `EVP_DigestVerifyInit` and `EVP_DigestVerify`.
    private func isValidWhole(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard unsafe EVP_MD_CTX_reset(digestContext) == 1,
            unsafe EVP_DigestVerifyInit(digestContext, nil, nil, nil, key.pointer) == 1
        else { return false }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    digestContext, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
            }
        }
    }
}
