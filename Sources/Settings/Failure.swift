/// Problems that the operator has to fix: printed one per line, and the program exits with status 1.
public struct Failure: Error {
    /// The problems, one line each.
    public let problems: [String]

    /// Creates a failure of several problems.
    public init(_ problems: [String]) {
        self.problems = problems
    }

    /// Creates a failure of one problem.
    public init(_ problem: String) {
        problems = [problem]
    }
}
