import Base
import Glibc
import JWT
import Settings

/// The key of the users' hashes in logs: the same in all workers of a pool, and after a restart.
enum UserHashKey {
    private static let fileName = "user-hash.key"

    /// Derived from the shared secret where there is one, else the one in the state directory, which the first worker
    /// makes.
    static func load(_ identity: IdentitySettings) throws -> SharedSecret {
        if let secret = identity.secret { return try secret.derived(for: "todo-fcgi X-User-Hash") }
        guard let directory = identity.stateDirectory else { throw SystemError("TODO_STATE_DIR", code: ENOENT) }
        let path = "\(directory)/\(fileName)"
        // Of workers that start together the first one's stays.
        if unsafe access(path, F_OK) != 0 { try make(path) }
        return try SharedSecret(bytes: read(path))
    }

    /// A file that others can read or write, or that is not ours, is refused.
    private static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW)
        var status = stat()
        _ = try checked("fstat", unsafe fstat(file.descriptor, &status))
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & (S_IRWXG | S_IRWXO) == 0
        else { throw SystemError("open", code: EPERM) }
        return try file.contents(limit: 64)
    }

    /// Puts a random key there, whole, unless there is one.
    ///
    /// The corresponding C function is `link`.
    private static func make(_ path: String) throws(SystemError) {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<SharedSecret.minimumBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let draft = "\(path).\(getpid())"
        unsafe unlink(draft)
        defer { unsafe unlink(draft) }
        try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(bytes)
        guard unsafe link(draft, path) == 0 || errno == EEXIST else { throw SystemError("link") }
    }
}
