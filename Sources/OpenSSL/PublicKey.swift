internal import Base
internal import COpenSSL

/// A public key made from the numbers of a JWK; weak keys are refused.
///
/// Numbers are big-endian bytes, as in RFC 7518. The key is freed with its last `SignatureVerifier`.
@safe public struct PublicKey: ~Copyable {
    /// The supported elliptic curves.
    public enum Curve: Sendable, CaseIterable {
        case p256
        case p521

        /// How many bytes a coordinate has.
        public var coordinateBytes: Int {
            switch self {
            case .p256: 32
            case .p521: 66
            }
        }

        var group: String {
            switch self {
            case .p256: "prime256v1"
            case .p521: "secp521r1"
            }
        }
    }

    /// The size of an RSA modulus; with a larger one, a verification takes milliseconds.
    public static let modulusBits = 2_048...8_192

    let pointer: OpaquePointer

    /// Makes an Ed25519 key from its 32 bytes.
    ///
    /// The corresponding C function is `EVP_PKEY_new_raw_public_key`.
    public init(ed25519 bytes: Span<UInt8>) throws(PublicKeyError) {
        guard bytes.count == 32 else { throw .wrongLength }
        let key = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes.baseAddress, bytes.count)
        }
        guard let key = unsafe key else { throw .cryptography(OpenSSLError(in: "EVP_PKEY_new_raw_public_key")) }
        unsafe pointer = unsafe key
    }

    /// Makes a key from the coordinates of a point on the curve, which have the curve's length.
    ///
    /// The curves have no points of small order, so it is sufficient to check that the point is on the curve.
    ///
    /// The corresponding C function is `EVP_PKEY_fromdata`.
    public init(curve: Curve, x: Span<UInt8>, y: Span<UInt8>) throws(PublicKeyError) {
        guard x.count == curve.coordinateBytes, y.count == curve.coordinateBytes else { throw .wrongLength }
        // SEC 1, section 2.3.3: an uncompressed point starts with 4.
        var point = [4] + Array(copying: x) + Array(copying: y)
        var group = Array(curve.group.utf8CString)
        let key = unsafe group.withUnsafeMutableBufferPointer { group in
            unsafe point.withUnsafeMutableBufferPointer { point in
                unsafe makeKey(
                    "EC", todo_param_group(group.baseAddress), todo_param_point(point.baseAddress, point.count))
            }
        }
        guard let key = unsafe key else {
            ERR_clear_error()
            throw .notOnCurve
        }
        unsafe pointer = unsafe key
    }

    /// Makes an RSA key from modulus and public exponent.
    ///
    /// The checks take microseconds. `EVP_PKEY_public_check`, which tests whether the modulus is composite, would block
    /// the worker for up to 150 ms.
    ///
    /// The corresponding C function is `EVP_PKEY_fromdata`.
    public init(modulus: Span<UInt8>, exponent: Span<UInt8>) throws(PublicKeyError) {
        try RSANumbers.check(modulus: modulus, exponent: exponent)
        var (n, e) = (RSANumbers.native(modulus), RSANumbers.native(exponent))
        let key = unsafe n.withUnsafeMutableBufferPointer { n in
            unsafe e.withUnsafeMutableBufferPointer { e in
                unsafe makeKey(
                    "RSA", todo_param_modulus(n.baseAddress, n.count), todo_param_exponent(e.baseAddress, e.count))
            }
        }
        guard let key = unsafe key else { throw .cryptography(OpenSSLError(in: "EVP_PKEY_fromdata")) }
        unsafe pointer = unsafe key
    }

    deinit { unsafe EVP_PKEY_free(pointer) }
}

/// A key of one type from its two parameters; nil when OpenSSL refuses them.
private func makeKey(_ type: String, _ first: OSSL_PARAM, _ second: OSSL_PARAM) -> OpaquePointer? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    var parameters = unsafe [first, second, OSSL_PARAM_construct_end()]
    var key: OpaquePointer?
    guard unsafe EVP_PKEY_fromdata_init(context) == 1,
        unsafe EVP_PKEY_fromdata(context, &key, todo_evp_pkey_public_key, &parameters) == 1
    else { return nil }
    return unsafe key
}
