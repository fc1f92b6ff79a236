internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The value of `errno`.
    public let code: Int32
    /// The name of the call, as in the manual.
    public let call: String

    /// Joins a call's name and its `errno`.
    public init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// Joins a call's name and the current `errno`.
    public init(_ call: String) {
        self.init(call, code: errno)
    }

    /// The call and the system's error message.
    ///
    /// The corresponding C function is `strerror`.
    public var description: String {
        // Thread-safe in glibc, and never NULL.
        "\(call): \(unsafe String(cString: strerror(code)))"
    }
}

/// Returns a call's result, or throws when it is negative.
@inline(__always)
public func checked(_ call: String, _ result: Int32) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(call) }
    return result
}
