/// What a token would need to be judged: a key of this name for this algorithm; to be compared, and no more.
public struct MissingKey: Hashable, Sendable {
    /// A name may be as long as a token, and whoever made it up chose it.
    private let digest: Int

    /// Digests what a header says.
    init(_ header: TokenHeader) {
        self.init(keyID: header.keyID, algorithm: header.algorithm)
    }

    /// Digests a name, which a token may lack, and an algorithm.
    public init(keyID: String?, algorithm: SignatureAlgorithm) {
        var hasher = Hasher()
        hasher.combine(keyID)
        hasher.combine(algorithm)
        digest = hasher.finalize()
    }
}
