internal import Glibc

/// The process's environment variables.
public enum Environment {
    /// All its variables.
    ///
    /// The corresponding C variable is `environ`.
    public static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let line = unsafe String(cString: text)
            // By bytes: as a Character, `=` and a following combining mark would be one other character.
            if let separator = line.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(line[..<separator])] = String(line[line.utf8.index(after: separator)...])
            }
            unsafe entry += 1
        }
        return variables
    }

    /// One variable; nil where it is not set.
    ///
    /// The corresponding C function is `getenv`.
    public static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}

/// Prints a line to stderr.
public func printError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
