internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The `errno` it left.
    public let code: Int32
    /// Its name, as in the manual.
    public let call: String

    /// Keeps a call's name beside the `errno` it left.
    public init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// Keeps a call's name beside the `errno` it has just left.
    public init(_ call: String) {
        self.init(call, code: errno)
    }

    /// The call and the system's own words.
    ///
    /// The corresponding C function is `strerror`.
    public var description: String {
        // Thread-safe in glibc, and never NULL.
        "\(call): \(unsafe String(cString: strerror(code)))"
    }
}

/// Gives a call's result, or throws when it is negative.
@inline(__always)
public func checked(_ call: String, _ result: Int32) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(call) }
    return result
}
