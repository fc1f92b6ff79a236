/// The bounds of what is looked at in a token.
public enum TokenLimits {
    /// The longest token; nginx takes header lines of 8 KiB.
    public static let bytes = 8_192
    /// How deep objects and arrays may be within each other.
    public static let depth = 16
    /// The longest user id, in bytes of UTF-8.
    public static let userIDBytes = 512
    /// The most seconds a clock may be wrong by.
    public static let leeway = 60
}
