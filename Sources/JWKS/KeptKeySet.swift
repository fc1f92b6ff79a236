public import Base
internal import Glibc
public import JWT
internal import OpenSSL

/// The last good set of an issuer, kept on disk for a start while the issuer is down.
///
/// Each URL has its own file, so that the keys of one issuer are never used for another; its name is a digest, since
/// the URL may hold credentials.
public struct KeptKeySet: Sendable {
    let path: String

    /// Names the file of a URL in an existing directory.
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

    /// Reads the kept set, and when it was saved, in seconds since 1970; nil when there is none.
    ///
    /// A file that another user owns or can write to is refused, since its keys would be trusted.
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

    /// Replaces the kept set atomically.
    ///
    /// The corresponding C function is `rename`.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        // Workers share the directory: each writes its own draft, then renames it.
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
