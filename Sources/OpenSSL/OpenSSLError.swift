internal import COpenSSL

/// A failure of OpenSSL that does not depend on the input: no memory, or no such algorithm in its providers.
///
/// An invalid signature is a result, not an error; see `SignatureVerifier` and `HMACSHA256`.
public struct OpenSSLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The C function that failed.
    public let function: String
    /// OpenSSL's message for the oldest error in the thread's queue; empty when there is none.
    public let reason: String

    /// Both on one line, for the log.
    public var description: String {
        reason.isEmpty ? "\(function) failed" : "\(function) failed: \(reason)"
    }

    /// Takes the oldest error from the thread's queue and clears the queue.
    ///
    /// The corresponding C functions are `ERR_get_error`, `ERR_reason_error_string` and `ERR_clear_error`.
    init(in function: String) {
        self.function = function
        let code = ERR_get_error()
        self.reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? ""
        ERR_clear_error()
    }
}
