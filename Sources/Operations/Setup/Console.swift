import Glibc
import Settings

/// For the signal handler, which cannot capture; set before the handler is installed.
nonisolated(unsafe) private var interruptedTerminal = termios()

/// Input and output at the terminal.
enum Console {
    /// Whether questions can be asked.
    static let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    private static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Prints a heading.
    static func step(_ text: String) {
        print(isTerminal ? "\u{1B}[1m==> \(text)\u{1B}[0m" : "==> \(text)")
        flush()
    }

    /// Prints a line below a heading.
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

    /// Asks for one of several choices by its number.
    static func choose(_ question: String, _ choices: [String], default fallback: Int = 0) throws(Failure) -> Int {
        print(question)
        for (index, choice) in choices.enumerated() { print("  \(index + 1)  \(choice)") }
        while true {
            let answer = try ask("Number", default: "\(fallback + 1)")
            if let number = Int(answer), (1...choices.count).contains(number) { return number - 1 }
            print("  enter a number from 1 to \(choices.count)")
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
        // SIGINT must restore the terminal; the attributes are saved before the handler is installed.
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

    /// Flushes standard output, so that a line is seen before a slow step begins, on a pipe too.
    private static func flush() {
        fflush(nil)
    }
}

extension String {
    /// The text without leading and trailing white space.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
