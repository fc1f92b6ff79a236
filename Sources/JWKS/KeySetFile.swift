internal import Base
internal import Glibc
internal import JWT

/// A key set in a file that somebody else writes, read again only when it is another file or was written to.
struct KeySetFile {
    /// What changes when a file is replaced or written to.
    private struct Mark: Equatable {
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
    private var mark: Mark?

    init(path: String) {
        self.path = path
    }

    /// The set, unless the file is still the one that was read last, good or not: then nil.
    mutating func readIfChanged() throws(KeySourceError) -> ReadKeySet? {
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
            let current = Mark(try file.status())
            guard current != mark else { return nil }
            bytes = try file.contents(limit: JWKSet.maximumBytes)
            mark = current
        } catch {
            // It is read when it is there again, whatever it is then.
            mark = nil
            throw .system(error)
        }
        return try Self.judged(bytes)
    }

    /// The set as it is now.
    func read() throws(KeySourceError) -> ReadKeySet {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try OpenFile(path, O_RDONLY | O_NONBLOCK).contents(limit: JWKSet.maximumBytes)
        } catch {
            throw .system(error)
        }
        return try Self.judged(bytes)
    }

    private static func judged(_ bytes: [UInt8]) throws(KeySourceError) -> ReadKeySet {
        guard bytes.count <= JWKSet.maximumBytes else { throw .tooLong }
        return try ReadKeySet(bytes)
    }
}
