public import Glibc

/// An open file, closed with its last use.
public struct OpenFile: ~Copyable {
    /// The file's descriptor, lent: it stays the file's.
    public let descriptor: Int32

    /// Opens a file, for this process and not for programs that it starts.
    ///
    /// The corresponding C function is `open`.
    public init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        descriptor = try checked("open", unsafe open(path, flags | O_CLOEXEC, mode))
    }

    deinit {
        close(descriptor)
    }

    /// Reads to the end, or one byte further than a limit.
    ///
    /// The corresponding C function is `read`.
    public func contents(limit: Int) throws(SystemError) -> [UInt8] {
        try Self.contents(of: descriptor, limit: limit)
    }

    /// The same of a descriptor that somebody else closes.
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

    /// Writes everything and waits until the disk has it.
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
