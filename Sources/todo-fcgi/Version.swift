/// What this program is called and which one it is.
enum Program {
    static let name = "todo-fcgi"
    static let version = "0.1.0"
    /// What other servers are told of us.
    static let userAgent = "\(name)/\(version)"
}
