/// The program's name and version.
public enum Program {
    /// The program's name.
    public static let name = "todo-fcgi"
    /// The program's version.
    public static let version = "0.1.0"
    /// The `User-Agent` of the program's own requests.
    public static let userAgent = "\(name)/\(version)"
}
