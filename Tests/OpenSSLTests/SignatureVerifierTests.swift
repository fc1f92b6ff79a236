import OpenSSL
import Testing

@Suite("Signatures of public keys")
struct SignatureVerifierTests {
    private struct File: Decodable {
        struct Group: Decodable {
            struct Key: Decodable {
                var uncompressed, pk, modulus, publicExponent: String?
            }
            struct Case: Decodable {
                var tcId: Int
                var msg, sig, result: String
                var flags: [String]
            }
            var publicKey: Key
            var tests: [Case]
        }
        var testGroups: [Group]
    }

    /// Runs every case of a file with a verifier of each group's key.
    private func run(
        _ name: String, cases: Int, verifier: (File.Group.Key) throws -> SignatureVerifier
    ) throws {
        guard let file = try wycheproof(name, as: File.self) else { return }
        var count = 0
        for group in file.testGroups {
            let verifier = try verifier(group.publicKey)
            for test in group.tests {
                let (message, signature) = (bytes(hex: test.msg), bytes(hex: test.sig))
                let isValid = verifier.isValid(signature.span, for: message.span)
                // "acceptable" cases (a PKCS#1 padding without its NULL) are refused here.
                #expect(isValid == (test.result == "valid"), "case \(test.tcId) \(test.flags)")
                count += 1
            }
        }
        print("wycheproof \(name): \(count) cases")
        #expect(count == cases)
    }

    @Test("Every Wycheproof case of Ed25519 has its expected result")
    func ed25519() throws {
        try run("ed25519_test.json", cases: 151) { key in
            let bytes = bytes(hex: key.pk ?? "")
            return try SignatureVerifier(key: PublicKey(ed25519: bytes.span), scheme: .ed25519)
        }
    }

    @Test("Every Wycheproof case of ECDSA with P-256 in JOSE's form has its expected result")
    func p256() throws {
        try run("ecdsa_secp256r1_sha256_p1363_test.json", cases: 262) { key in
            let point = bytes(hex: key.uncompressed ?? "")
            let (x, y) = (point.span.extracting(1..<33), point.span.extracting(33..<65))
            return try SignatureVerifier(key: PublicKey(curve: .p256, x: x, y: y), scheme: .ecdsaP256SHA256)
        }
    }

    @Test("Every Wycheproof case of RSA with PKCS#1 padding has its expected result")
    func rsa() throws {
        try run("rsa_signature_2048_sha256_test.json", cases: 259) { key in
            // The file has signed numbers, with a zero byte before a set high bit.
            let modulus = Array(bytes(hex: key.modulus ?? "").drop { $0 == 0 })
            let exponent = Array(bytes(hex: key.publicExponent ?? "").drop { $0 == 0 })
            return try SignatureVerifier(
                key: PublicKey(modulus: modulus.span, exponent: exponent.span), scheme: .rsaPKCS1SHA256)
        }
    }

    @Test("A key for another kind of scheme is refused when it is prepared", arguments: SignatureScheme.allCases)
    func mismatch(scheme: SignatureScheme) throws {
        guard scheme != .ed25519 else { return }
        #expect(throws: OpenSSLError.self) {
            _ = try SignatureVerifier(key: PublicKey(ed25519: [UInt8](repeating: 9, count: 32).span), scheme: scheme)
        }
    }
}

@Suite("Public keys")
struct PublicKeyTests {
    private func refusal(modulus: [UInt8], exponent: [UInt8] = [1, 0, 1]) -> PublicKeyError? {
        do throws(PublicKeyError) {
            _ = try PublicKey(modulus: modulus.span, exponent: exponent.span)
            return nil
        } catch {
            return error
        }
    }

    /// A modulus of a number of bits that only the check of the size can refuse.
    private func modulus(bits: Int) -> [UInt8] {
        var modulus = [UInt8](repeating: 0xa5, count: (bits + 7) / 8)
        modulus[0] = 0xff >> UInt8((8 - bits % 8) % 8)
        let primes = (3...167).filter { odd in !(2..<odd).contains { odd % $0 == 0 } }
        while primes.contains(where: { prime in modulus.reduce(0) { ($0 << 8 | Int($1)) % prime } == 0 }) {
            modulus[modulus.count - 2] &+= 1
        }
        return modulus
    }

    @Test(
        "An RSA modulus has 2048 to 8192 bits",
        arguments: [
            (512, false), (1_024, false), (2_047, false), (2_048, true), (4_096, true), (8_192, true), (8_193, false),
            (16_384, false),
        ])
    func modulusSize(bits: Int, isAccepted: Bool) {
        #expect(refusal(modulus: modulus(bits: bits)) == (isAccepted ? nil : .modulusSize(bits: bits)))
    }

    @Test("An RSA modulus with a small factor is refused", arguments: [3, 5, 97, 167])
    func smallFactors(prime: Int) {
        var product = modulus(bits: 2_048)
        // Makes it the next odd multiple, by changing the last two bytes.
        while product.reduce(0, { ($0 << 8 | Int($1)) % prime }) != 0 {
            let (low, carry) = product[product.count - 1].addingReportingOverflow(2)
            product[product.count - 1] = low
            product[product.count - 2] &+= carry ? 1 : 0
        }
        #expect(refusal(modulus: product) == .weakModulus)
    }

    @Test("An RSA modulus is odd and starts with its first bits")
    func malformedModulus() {
        #expect(refusal(modulus: []) == .malformedModulus)
        #expect(refusal(modulus: [0] + modulus(bits: 2_048)) == .malformedModulus)
        #expect(refusal(modulus: modulus(bits: 2_048).dropLast() + [0xa4]) == .malformedModulus)
    }

    @Test(
        "An RSA exponent is odd, from 3 to 64 bits",
        arguments: [
            ([], false), ([0], false), ([1], false), ([2], false), ([3], true), ([4], false), ([17], true),
            ([1, 0, 1], true), ([1, 0, 0], false), ([0, 1, 0, 1], false), ([UInt8](repeating: 0xff, count: 8), true),
            ([UInt8](repeating: 0xff, count: 9), false),
        ] as [([UInt8], Bool)])
    func exponent(exponent: [UInt8], isAccepted: Bool) {
        #expect(refusal(modulus: modulus(bits: 2_048), exponent: exponent) == (isAccepted ? nil : .unsuitableExponent))
    }

    @Test("Coordinates have the curve's length and lie on it", arguments: PublicKey.Curve.allCases)
    func points(curve: PublicKey.Curve) {
        func refusal(_ x: [UInt8], _ y: [UInt8]) -> PublicKeyError? {
            do throws(PublicKeyError) {
                _ = try PublicKey(curve: curve, x: x.span, y: y.span)
                return nil
            } catch {
                return error
            }
        }
        let length = curve.coordinateBytes
        let one = [UInt8](repeating: 0, count: length - 1) + [1]
        #expect(refusal(one, one) == .notOnCurve)
        #expect(refusal([UInt8](repeating: 0, count: length), [UInt8](repeating: 0, count: length)) == .notOnCurve)
        #expect(refusal([UInt8](repeating: 0xff, count: length), one) == .notOnCurve)
        #expect(refusal(Array(one.dropFirst()), one) == .wrongLength)
        #expect(refusal(one, one + [0]) == .wrongLength)
        #expect(refusal([], []) == .wrongLength)
    }

    @Test("An Ed25519 key has 32 bytes", arguments: [0, 31, 33, 64])
    func ed25519Length(length: Int) {
        #expect(throws: PublicKeyError.wrongLength) {
            _ = try PublicKey(ed25519: [UInt8](repeating: 1, count: length).span)
        }
    }
}
