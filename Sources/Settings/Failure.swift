/// Something an operator has to mend, in plain words: printed line by line, and the program ends with status 1.
public struct Failure: Error {
    /// A line each.
    public let problems: [String]

    /// Keeps several problems.
    public init(_ problems: [String]) {
        self.problems = problems
    }

    /// Keeps one problem.
    public init(_ problem: String) {
        problems = [problem]
    }
}
