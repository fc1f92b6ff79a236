/// The limits on tokens.
public enum TokenLimits {
    /// The longest token; nginx accepts header lines of 8 KiB.
    public static let bytes = 8_192
    /// The deepest nesting of objects and arrays.
    public static let depth = 16
    /// The longest user id, in bytes of UTF-8.
    public static let userIDBytes = 512
    /// The largest leeway for clock skew, in seconds.
    public static let leeway = 60
}
