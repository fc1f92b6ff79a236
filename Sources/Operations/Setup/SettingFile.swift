import Base
import Glibc

/// Files that `setup` writes: whole or not at all, and only when they change.
enum SettingFile {
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
        do throws(SystemError) {
            let file = try OpenFile(fresh, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            // Whatever the umask is.
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

    /// With the line break at its end, which `TextFile` leaves out.
    private static func readExactly(_ path: String) throws(SystemError) -> String {
        let text = try TextFile.read(path)
        return text.isEmpty ? "" : text + "\n"
    }
}
