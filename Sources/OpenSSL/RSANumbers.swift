/// Checks of an RSA public key's numbers.
enum RSANumbers {
    /// Refuses an unsuitable modulus or exponent.
    static func check(modulus: Span<UInt8>, exponent: Span<UInt8>) throws(PublicKeyError) {
        guard !modulus.isEmpty, modulus[0] != 0, modulus[modulus.count - 1] & 1 == 1 else { throw .malformedModulus }
        let bits = modulus.count * 8 - modulus[0].leadingZeroBitCount
        guard PublicKey.modulusBits ~= bits else { throw .modulusSize(bits: bits) }
        // An exponent beyond 64 bits only makes a verification slower.
        guard 1...8 ~= exponent.count, exponent[0] != 0, exponent[exponent.count - 1] & 1 == 1,
            exponent.count > 1 || exponent[0] > 1
        else { throw .unsuitableExponent }
        try checkRemainders(of: modulus)
    }

    /// The bytes in the machine's byte order, as `OSSL_PARAM_construct_BN` requires.
    static func native(_ number: Span<UInt8>) -> [UInt8] {
        #if _endian(little)
            number.indices.map { number[number.count - 1 - $0] }
        #else
            number.indices.map { number[$0] }
        #endif
    }

    /// Refuses a modulus with a small factor, or with the pattern of CVE-2017-15361.
    ///
    /// Nemec and others, "The Return of Coppersmith's Attack" (CCS 2017): the generator's primes, and so their products,
    /// are powers of 65537 modulo each small prime; the false positive rate is 2^-27.8.
    private static func checkRemainders(of modulus: Span<UInt8>) throws(PublicKeyError) {
        var isMarked = true
        for prime in primes {
            var remainder = 0
            for index in modulus.indices { remainder = (remainder << 8 | Int(modulus[index])) % prime }
            guard remainder != 0 else { throw .weakModulus }
            isMarked = isMarked && isPower(remainder, of: 65_537 % prime, modulo: prime)
        }
        guard !isMarked else { throw .weakModulus }
    }

    private static func isPower(_ value: Int, of base: Int, modulo prime: Int) -> Bool {
        var power = 1
        repeat {
            if power == value { return true }
            power = power * base % prime
        } while power != 1
        return false
    }

    /// The odd primes below 168, which detect that generator's moduli of every size.
    private static let primes = (3...167).filter { candidate in
        candidate % 2 == 1 && !(3..<candidate).contains { candidate % $0 == 0 }
    }
}
