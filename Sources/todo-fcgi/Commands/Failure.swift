import ArgumentParser
import Base
import Glibc

/// Something an operator has to mend, in plain words: printed line by line, and the program ends with status 1.
struct Failure: Error {
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    init(_ problem: String) {
        problems = [problem]
    }

    /// Runs a command's work; a failure is told on stderr.
    static func told(_ work: () throws -> Void) throws {
        do {
            try work()
        } catch let failure as Failure {
            for problem in failure.problems { printError("\(Program.name): \(problem)") }
            throw ExitCode.failure
        }
    }
}
