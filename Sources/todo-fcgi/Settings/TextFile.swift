import EventLoop
import Glibc

/// Small files that hold one setting.
enum TextFile {
    /// Reads a file of less than 64 KiB, without the line break that editors put at its end; EFBIG when it is larger.
    static func read(_ path: String) throws(SystemError) -> String {
        let descriptor = try checked("open", unsafe open(path, O_RDONLY | O_CLOEXEC))
        defer { close(descriptor) }
        return try read(from: descriptor)
    }

    /// The same of what a process was given on standard input.
    static func standardInput() throws(SystemError) -> String {
        try read(from: STDIN_FILENO)
    }

    private static func read(from descriptor: Int32) throws(SystemError) -> String {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let part = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, room)
            }
            if part < 0 { throw SystemError("read") }
            if part == 0 { break }
            count += part
        }
        guard count < bytes.count else { throw SystemError("read", code: EFBIG) }
        var text = bytes[..<count]
        while text.last == UInt8(ascii: "\n") || text.last == UInt8(ascii: "\r") { text.removeLast() }
        guard let string = String(validating: text, as: UTF8.self) else { throw SystemError("read", code: EILSEQ) }
        return string
    }

    /// Whether a path leads to a directory.
    ///
    /// The corresponding C function is `stat`.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// When a file was last written to, in seconds since 1970; nil when it cannot be looked at.
    ///
    /// The corresponding C function is `stat`.
    static func modificationTime(_ path: String) -> Int64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }
}
