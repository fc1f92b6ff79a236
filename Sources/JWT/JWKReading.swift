internal import JSON
internal import OpenSSL

/// The members of one JWK as they were sent; checked when all are read.
struct JWKReading {
    private typealias Reader = StrictReader<JWKSetError>

    private(set) var keyID: String?
    private var type: String?
    private var curve: String?
    private var use: String?
    /// Nil until the member is read; then its algorithm, nil inside when it is not supported.
    private var algorithm: SignatureAlgorithm??
    private var isForVerifying = true
    private var hasPrivateMembers = false
    private var hasWrongTypes = false
    private var numbers: [String: [UInt8]] = [:]

    /// Reads the next value; a defect of one key makes only that key unusable.
    init(_ reader: inout StrictReader<JWKSetError>) throws(JWKSetError) {
        guard try reader.isObject() else {
            hasWrongTypes = true
            return
        }
        var names = Reader.Names()
        while let name = try reader.nextMember(&names) {
            switch name {
            case "kid": keyID = try string(&reader)
            case "kty": type = try string(&reader)
            case "crv": curve = try string(&reader)
            case "use": use = try string(&reader)
            case "alg":
                if let text = try reader.text() {
                    algorithm = .some(SignatureAlgorithm(text))
                } else {
                    hasWrongTypes = true
                }
            case "key_ops": isForVerifying = try holdsVerify(&reader)
            case "x", "y", "n", "e":
                if let text = try string(&reader) { numbers[String(name)] = Base64URL.decode(text.utf8.span) }
            case "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv": hasPrivateMembers = true
            default: break
            }
        }
    }

    /// The key, or why it is not used.
    func key() -> Result<JWK, JWK.RefusalReason> {
        do throws(JWK.RefusalReason) {
            return .success(try checkedKey())
        } catch {
            return .failure(error)
        }
    }

    private func checkedKey() throws(JWK.RefusalReason) -> JWK {
        guard !hasWrongTypes, let type else { throw .malformed }
        guard type != "oct" else { throw .symmetric }
        guard !hasPrivateMembers else { throw .privateMembers }
        guard use == nil || use == "sig", isForVerifying else { throw .notForSignatures }
        let (numbers, possible) = try numbers(of: type)
        if let algorithm {
            guard let algorithm, possible.contains(algorithm) else { throw .otherAlgorithm }
            return try checked(JWK(keyID: keyID, algorithms: [algorithm], numbers: numbers))
        }
        return try checked(JWK(keyID: keyID, algorithms: possible, numbers: numbers))
    }

    private func numbers(of type: String) throws(JWK.RefusalReason) -> (JWK.Numbers, [SignatureAlgorithm]) {
        switch (type, curve) {
        case ("OKP", "Ed25519"): (.ed25519(try number("x")), [.ed25519])
        case ("EC", "P-256"): (.point(.p256, x: try number("x"), y: try number("y")), [.es256])
        case ("EC", "P-521"): (.point(.p521, x: try number("x"), y: try number("y")), [.es512])
        case ("RSA", _): (.rsa(modulus: try number("n"), exponent: try number("e")), [.rs256, .ps256])
        default: throw .unsupportedType
        }
    }

    private func number(_ name: String) throws(JWK.RefusalReason) -> [UInt8] {
        guard let bytes = numbers[name] else { throw .malformedNumber }
        return bytes
    }

    /// Checks a key with OpenSSL, and refuses tiny RSA exponents: with 3 above all, forged signatures have passed
    /// careless padding checks (FIPS 186-5, section 5.4, requires more than 2^16).
    private func checked(_ key: JWK) throws(JWK.RefusalReason) -> JWK {
        do throws(PublicKeyError) {
            _ = try key.publicKey()
        } catch {
            throw .unsound(error.description)
        }
        if case .rsa(_, let exponent) = key.numbers, exponent.count < 3 { throw .tinyExponent }
        return key
    }
}

extension JWKReading {
    private mutating func string(_ reader: inout Reader) throws(JWKSetError) -> String? {
        guard let text = try reader.text() else {
            hasWrongTypes = true
            return nil
        }
        return String(text)
    }

    private mutating func holdsVerify(_ reader: inout Reader) throws(JWKSetError) -> Bool {
        guard try reader.isArray() else {
            hasWrongTypes = true
            return false
        }
        var found = false
        while try reader.nextElement() {
            if let text = try reader.text() { found = found || text == "verify" } else { hasWrongTypes = true }
        }
        return found
    }
}
