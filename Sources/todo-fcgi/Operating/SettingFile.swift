import Base
import Glibc

/// Files that `setup` writes: whole or not at all, and only when they change.
enum SettingFile {
    /// Makes a folder and those above it.
    ///
    /// The corresponding C function is `mkdir`.
    static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, mode) != 0, errno != EEXIST else { continue }
            throw SystemError("mkdir \(made)")
        }
    }

    /// Writes a file of root's in the place of the one before it.
    ///
    /// - Returns: whether it differs from what was there. The corresponding C functions are `fsync` and `rename`.
    @discardableResult
    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(SystemError) -> Bool {
        if let old = try? readExactly(path), old == text {
            _ = try checked("chmod \(path)", unsafe chmod(path, mode))
            return false
        }
        let fresh = path + ".new"
        unsafe unlink(fresh)
        let descriptor = try checked(
            "open \(fresh)", unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode))
        defer { close(descriptor) }
        // Whatever the umask is.
        _ = try checked("fchmod \(fresh)", fchmod(descriptor, mode))
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw SystemError("write \(fresh)")
        }
        _ = try checked("rename \(path)", unsafe rename(fresh, path))
        return true
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// With the line break at its end, which `TextFile` leaves out.
    private static func readExactly(_ path: String) throws(SystemError) -> String {
        let text = try TextFile.read(path)
        return text.isEmpty ? "" : text + "\n"
    }
}
