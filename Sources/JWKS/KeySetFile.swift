internal import Base
internal import Glibc
internal import JWT

/// A key set in a file that another program writes; read again only when the file was replaced or written to.
struct KeySetFile {
    /// The attributes that change when a file is replaced or written to.
    private struct Version: Equatable {
        var device: UInt
        var inode: UInt
        var size: Int
        var seconds: Int
        var nanoseconds: Int

        init(_ status: stat) {
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    let path: String
    private var version: Version?

    init(path: String) {
        self.path = path
    }

    /// Reads the set; nil when the file has not changed since the last read, whether that succeeded or not.
    mutating func readIfChanged() throws(KeySourceError) -> ReadKeySet? {
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
            let current = Version(try file.status())
            guard current != version else { return nil }
            bytes = try file.contents(limit: JWKSet.maximumBytes)
            version = current
        } catch {
            // Once the file can be opened again it is read, even if it has not changed.
            version = nil
            throw .system(error)
        }
        return try Self.parsed(bytes)
    }

    /// Reads the set as it is now.
    func read() throws(KeySourceError) -> ReadKeySet {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try OpenFile(path, O_RDONLY | O_NONBLOCK).contents(limit: JWKSet.maximumBytes)
        } catch {
            throw .system(error)
        }
        return try Self.parsed(bytes)
    }

    private static func parsed(_ bytes: [UInt8]) throws(KeySourceError) -> ReadKeySet {
        guard bytes.count <= JWKSet.maximumBytes else { throw .tooLong }
        return try ReadKeySet(bytes)
    }
}
