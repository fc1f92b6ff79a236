/// The key that a token needs to be verified, by `kid` and algorithm; only for comparison.
public struct MissingKey: Hashable, Sendable {
    /// A digest instead of the `kid`, which may be as long as a token and is chosen by the sender.
    private let digest: Int

    /// Digests a header's `kid` and algorithm.
    init(_ header: TokenHeader) {
        self.init(keyID: header.keyID, algorithm: header.algorithm)
    }

    /// Digests a `kid`, which a token may lack, and an algorithm.
    public init(keyID: String?, algorithm: SignatureAlgorithm) {
        var hasher = Hasher()
        hasher.combine(keyID)
        hasher.combine(algorithm)
        digest = hasher.finalize()
    }
}
