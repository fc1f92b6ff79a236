/// What this program is called and which one it is.
public enum Program {
    /// What it is called.
    public static let name = "todo-fcgi"
    /// Which one it is.
    public static let version = "0.1.0"
    /// What other servers are told of us.
    public static let userAgent = "\(name)/\(version)"
}
