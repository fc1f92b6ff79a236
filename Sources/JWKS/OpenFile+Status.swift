internal import Base
internal import Glibc

extension OpenFile {
    /// The corresponding C function is `fstat`.
    func status() throws(SystemError) -> stat {
        var status = stat()
        _ = try checked("fstat", unsafe fstat(descriptor, &status))
        return status
    }
}
