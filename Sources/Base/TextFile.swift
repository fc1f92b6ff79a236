internal import Glibc

/// Small files that hold one setting.
public enum TextFile {
    private static var limit: Int { (64 << 10) - 1 }

    /// Reads a file of less than 64 KiB, without line breaks at its end; EFBIG when it is larger.
    public static func read(_ path: String) throws(SystemError) -> String {
        try text(OpenFile(path, O_RDONLY).contents(limit: limit))
    }

    /// Reads standard input in the same way.
    public static func standardInput() throws(SystemError) -> String {
        try text(OpenFile.contents(of: STDIN_FILENO, limit: limit))
    }

    private static func text(_ contents: [UInt8]) throws(SystemError) -> String {
        guard contents.count <= limit else { throw SystemError("read", code: EFBIG) }
        var text = contents[...]
        while text.last == UInt8(ascii: "\n") || text.last == UInt8(ascii: "\r") { text.removeLast() }
        guard let string = String(validating: text, as: UTF8.self) else { throw SystemError("read", code: EILSEQ) }
        return string
    }

    /// Whether a path names a directory.
    ///
    /// The corresponding C function is `stat`.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// When a file was last written, in seconds since 1970; nil when `stat` fails.
    ///
    /// The corresponding C function is `stat`.
    public static func modificationTime(_ path: String) -> Int64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }
}
