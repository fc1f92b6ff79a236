public import Glibc

/// An open file, closed with its last use.
public struct OpenFile: ~Copyable {
    /// The file's descriptor; this value closes it.
    public let descriptor: Int32

    /// Opens a file with `O_CLOEXEC`: programs that this process starts do not inherit it.
    ///
    /// The corresponding C function is `open`.
    public init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        descriptor = try checked("open", unsafe open(path, flags | O_CLOEXEC, mode))
    }

    deinit {
        close(descriptor)
    }

    /// Reads to the end, at most one byte more than `limit`.
    ///
    /// The corresponding C function is `read`.
    public func contents(limit: Int) throws(SystemError) -> [UInt8] {
        try Self.contents(of: descriptor, limit: limit)
    }

    /// Reads a descriptor that the caller closes, at most one byte more than `limit`.
    static func contents(of descriptor: Int32, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let part = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, room)
            }
            if part < 0 { throw SystemError("read") }
            if part == 0 { break }
            count += part
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Writes all bytes and waits until they are on the disk.
    ///
    /// The corresponding C functions are `write` and `fsync`.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let part = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            }
            if part < 0 { throw SystemError("write") }
            written += part
        }
        _ = try checked("fsync", fsync(descriptor))
    }
}
