import Base
import Glibc

/// Files that `setup` writes: atomically, and only when they change.
enum SettingFile {
    /// Replaces a file atomically, if its text differs.
    ///
    /// - Returns: whether the text differs. The corresponding C functions are `fsync` and `rename`.
    @discardableResult
    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(SystemError) -> Bool {
        if let old = try? readExactly(path), old == text {
            _ = try checked("chmod \(path)", unsafe chmod(path, mode))
            return false
        }
        let fresh = path + ".new"
        unsafe unlink(fresh)
        do throws(SystemError) {
            let file = try OpenFile(fresh, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            // Independent of the umask.
            _ = try checked("fchmod", fchmod(file.descriptor, mode))
            try file.write(Array(text.utf8))
        } catch {
            throw SystemError("\(error.call) \(fresh)", code: error.code)
        }
        _ = try checked("rename \(path)", unsafe rename(fresh, path))
        return true
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// Reads a file including the line break at its end, which `TextFile` drops.
    private static func readExactly(_ path: String) throws(SystemError) -> String {
        let text = try TextFile.read(path)
        return text.isEmpty ? "" : text + "\n"
    }
}
