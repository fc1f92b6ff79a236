import Base
import Glibc

/// Folders of the file system.
enum Folder {
    /// The names of a folder's entries, in no order.
    ///
    /// The corresponding C function is `readdir`.
    static func names(in path: String) throws(SystemError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw SystemError("opendir") }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            unsafe names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    unsafe name.withMemoryRebound(to: CChar.self, capacity: 1) { unsafe String(cString: $0) }
                })
        }
        return names
    }

    /// Creates a folder and its missing parents.
    ///
    /// The corresponding C function is `mkdir`.
    static func make(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard unsafe mkdir(made, mode) != 0, errno != EEXIST else { continue }
            throw SystemError("mkdir \(made)")
        }
    }
}
