import Glibc
import Settings

/// For a handler of signals, which can reach nothing else; set before it is installed.
nonisolated(unsafe) private var interruptedTerminal = termios()

/// Speaks with the person at the terminal.
enum Console {
    /// Whether somebody is there to answer.
    static let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    private static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// A heading.
    static func step(_ text: String) {
        print(isTerminal ? "\u{1B}[1m==> \(text)\u{1B}[0m" : "==> \(text)")
        flush()
    }

    /// A line below a heading.
    static func say(_ text: String) {
        print("    \(text)")
        flush()
    }

    /// Asks for a text; an empty answer is the default.
    static func ask(_ question: String, default fallback: String = "") throws(Failure) -> String {
        print("\(question)\(fallback.isEmpty ? "" : " [\(fallback)]"): ", terminator: "")
        flush()
        guard let line = readLine() else { throw Failure("the questions were not answered; nothing was changed") }
        let answer = line.trimmed
        return answer.isEmpty ? fallback : answer
    }

    /// Asks for one of a few things by its number.
    static func choose(_ question: String, _ choices: [String], default fallback: Int = 0) throws(Failure) -> Int {
        print(question)
        for (index, choice) in choices.enumerated() { print("  \(index + 1)  \(choice)") }
        while true {
            let answer = try ask("Number", default: "\(fallback + 1)")
            if let number = Int(answer), (1...choices.count).contains(number) { return number - 1 }
            print("  a number from 1 to \(choices.count), please")
        }
    }

    /// Asks for a text that the terminal does not show.
    ///
    /// The corresponding C function is `tcsetattr`.
    static func askHidden(_ question: String) throws(Failure) -> String {
        var attributes = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &attributes) == 0 else { return try ask(question) }
        let before = attributes
        attributes.c_lflag &= ~tcflag_t(ECHO)
        // Whoever interrupts the question gets the terminal back as it was: nothing else may be in between.
        unsafe interruptedTerminal = before
        let handler = signal(SIGINT) { _ in
            unsafe tcsetattr(STDIN_FILENO, TCSANOW, &interruptedTerminal)
            _exit(130)
        }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes)
        defer {
            attributes = before
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &attributes)
            signal(SIGINT, handler)
            print("")
        }
        return try ask(question)
    }

    /// What was printed is seen before a slow step begins, on a pipe too.
    private static func flush() {
        fflush(nil)
    }
}

extension String {
    /// Without blanks and line breaks around it.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
