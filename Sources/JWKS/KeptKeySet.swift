public import Base
internal import Glibc
public import JWT
internal import OpenSSL

/// The last good set of an issuer on disk, for a start while the issuer is down.
///
/// A file of its own for each URL, so that the keys of one issuer never pass for another's; the URL itself, which may
/// hold credentials, is not in it.
public struct KeptKeySet: Sendable {
    let path: String

    /// Names the file of a URL in a directory, which must be there.
    public init(of url: KeySetURL, in directory: String) throws(SystemError) {
        let digest: SHA256.Digest
        do throws(OpenSSLError) {
            digest = try SHA256.digest(url.text.utf8.span)
        } catch {
            throw SystemError("EVP_Digest", code: ENOMEM)
        }
        var name = "jwks-"
        for index in 0..<8 {
            name += String(digest[index], minimumDigits: 2, radix: 16)
        }
        path = "\(directory)/\(name).json"
    }

    /// What was kept, and when, in seconds since 1970; nil when nothing was.
    ///
    /// A file that others can write to, or that is not ours, is refused: its keys would be trusted.
    public func read() throws(KeySourceError) -> (set: JWKSet, savedAt: Int64)? {
        let (bytes, savedAt): ([UInt8], Int64)
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW)
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
                status.st_mode & (S_IWGRP | S_IWOTH) == 0
            else { throw SystemError("open", code: EPERM) }
            bytes = try file.contents(limit: JWKSet.maximumBytes)
            savedAt = Int64(status.st_mtim.tv_sec)
        } catch {
            if error.code == ENOENT { return nil }
            throw error.code == EPERM || error.code == ELOOP ? .notOurs : .system(error)
        }
        return (try ReadKeySet(bytes).set, savedAt)
    }

    /// Takes the place of what was kept, whole or not at all.
    ///
    /// The corresponding C function is `rename`.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        // Workers share the directory: each writes to a file of its own first.
        let draft = "\(path).\(getpid())"
        unsafe unlink(draft)
        do throws(SystemError) {
            try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600).write(bytes)
            _ = try checked("rename", unsafe rename(draft, path))
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }
}
