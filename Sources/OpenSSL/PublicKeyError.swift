/// Why a public key is refused.
public enum PublicKeyError: Error, Equatable, Sendable {
    /// A coordinate or a raw key does not have the curve's length.
    case wrongLength
    /// The coordinates are not those of a point on the curve.
    case notOnCurve
    /// The modulus has fewer bits than `PublicKey.modulusBits`, or more.
    case modulusSize(bits: Int)
    /// The modulus is even, or starts with a zero byte.
    case malformedModulus
    /// The modulus has a small factor, or the pattern of CVE-2017-15361 (ROCA): it can be factored.
    case weakModulus
    /// The exponent is even, below 3 or beyond 64 bits, or starts with a zero byte.
    case unsuitableExponent
    /// OpenSSL refuses the key, or lacks memory or an algorithm.
    case cryptography(OpenSSLError)
}

extension PublicKeyError: CustomStringConvertible {
    /// A short phrase for the log.
    public var description: String {
        switch self {
        case .wrongLength: "a number does not have the curve's length"
        case .notOnCurve: "the point is not on the curve"
        case .modulusSize(let bits): "the modulus has \(bits) bits"
        case .malformedModulus: "the modulus is even or not in its shortest form"
        case .weakModulus: "the modulus can be factored"
        case .unsuitableExponent: "the exponent is even, too small, too large or not in its shortest form"
        case .cryptography(let error): error.description
        }
    }
}
