import Base
import Glibc

/// Runs other programs.
enum Subprocess {
    /// The result of a program.
    struct Result {
        /// The exit status; 128 plus the number of a signal, as in a shell.
        let status: Int32
        /// Standard output and standard error, without line breaks at the end.
        let output: String
    }

    /// The standard input of a program.
    enum Input {
        /// A text of at most 64 KiB.
        case text(String)
        /// An open file; the caller closes it.
        case file(Int32)
    }

    /// Runs a program until it ends, and collects its output.
    ///
    /// The corresponding C functions are `posix_spawnp` and `waitpid`.
    ///
    /// - Parameters:
    ///   - command: the program, looked up in PATH, and its arguments.
    ///   - environment: added to this process's own.
    static func run(
        _ command: [String], input: Input = .text(""), environment: [String: String] = [:]
    ) throws(SystemError) -> Result {
        let source: Int32
        switch input {
        case .text(let text):
            let sink: Int32
            (source, sink) = try pipe()
            let bytes = Array(text.utf8)
            precondition(bytes.count <= 64 << 10, "a pipe holds 64 KiB")
            _ = unsafe write(sink, bytes, bytes.count)
            close(sink)
        case .file(let descriptor): source = descriptor
        }
        defer { if case .text = input { close(source) } }
        let (output, end) = try pipe()
        defer { close(output) }
        let child = try startAndClose(end, command, environment, source)
        var said: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe read(output, &buffer, buffer.count)
            guard count > 0 else { break }
            said += buffer[..<count]
        }
        while said.last == UInt8(ascii: "\n") { said.removeLast() }
        return Result(status: try wait(child), output: String(decoding: said, as: UTF8.self))
    }

    /// Starts a program that writes to `end`, and closes it here, so that the output ends with the program.
    private static func startAndClose(
        _ end: Int32, _ command: [String], _ environment: [String: String], _ source: Int32
    ) throws(SystemError) -> pid_t {
        defer { close(end) }
        return try spawn(command, environment, descriptors: [source, end, end])
    }

    /// Starts a program whose descriptors 0, 1 and 2 are the given ones.
    private static func spawn(
        _ command: [String], _ environment: [String: String], descriptors: [Int32]
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        let variables = Environment.variables().merging(environment) { $1 }
        var child: pid_t = 0
        let code = unsafe withCStringArray(command) { arguments in
            unsafe withCStringArray(variables.map { "\($0.key)=\($0.value)" }) { variables in
                unsafe posix_spawnp(&child, command[0], &actions, nil, arguments, variables)
            }
        }
        guard code == 0 else { throw SystemError(command[0], code: code) }
        return child
    }

    private static func wait(_ child: pid_t) throws(SystemError) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemError("waitpid") }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// A pipe's reading and writing end, both close-on-exec.
    private static func pipe() throws(SystemError) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        _ = try checked("pipe", unsafe Glibc.pipe(&ends))
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
