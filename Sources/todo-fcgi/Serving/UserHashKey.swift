import Base
import Glibc
import JWT
import Settings

/// The key of the user hashes in logs: the same in all workers of a pool, and after a restart.
enum UserHashKey {
    private static let fileName = "user-hash.key"

    /// Derives the key from the shared secret if there is one; else reads the key file in the state directory, which
    /// the first worker creates.
    static func load(_ identity: IdentitySettings) throws -> SharedSecret {
        if let secret = identity.secret { return try secret.derived(for: "todo-fcgi X-User-Hash") }
        guard let directory = identity.stateDirectory else { throw SystemError("TODO_STATE_DIR", code: ENOENT) }
        let path = "\(directory)/\(fileName)"
        // Of several workers that start at once, the first creates the key.
        if unsafe access(path, F_OK) != 0 { try create(path) }
        return try SharedSecret(bytes: read(path))
    }

    /// Reads the key; a file that another user owns, can read or can write to is refused.
    private static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW)
        var status = stat()
        _ = try checked("fstat", unsafe fstat(file.descriptor, &status))
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & (S_IRWXG | S_IRWXO) == 0
        else { throw SystemError("open", code: EPERM) }
        return try file.contents(limit: 64)
    }

    /// Creates a file with a random key atomically, unless there is one.
    ///
    /// The corresponding C function is `link`.
    private static func create(_ path: String) throws(SystemError) {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<SharedSecret.minimumBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let draft = "\(path).\(getpid())"
        unsafe unlink(draft)
        defer { unsafe unlink(draft) }
        try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(bytes)
        guard unsafe link(draft, path) == 0 || errno == EEXIST else { throw SystemError("link") }
    }
}
