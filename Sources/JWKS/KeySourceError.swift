public import Base
public import JWT

/// Why a source gave no keys; the last good set stays in use.
public enum KeySourceError: Error, Equatable, Sendable {
    /// No complete answer: not connected, not trusted, cut off or too slow; with libcurl's message.
    case unreachable(String)
    /// A status other than 200; redirects included, which are not followed.
    case status(Int)
    /// Longer than `JWKSet.maximumBytes`.
    case tooLong
    /// Not a key set.
    case unreadable(JWKSetError)
    /// A key set of which no key can be used.
    case noUsableKey([JWK.Refusal])
    /// A file that cannot be read.
    case system(SystemError)
    /// A kept file that another user owns or can write to.
    case notOurs
    /// The process is about to end.
    case cancelled
}

extension KeySourceError: CustomStringConvertible {
    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .unreachable(let words): words
        case .status(let status):
            300..<400 ~= status
                ? "the server answered \(status): redirects are not followed" : "the server answered \(status)"
        case .tooLong: "the answer is longer than \(JWKSet.maximumBytes) bytes"
        case .unreadable(let error): error.description
        case .noUsableKey(let refusals):
            refusals.isEmpty
                ? "the key set is empty"
                : "the key set has no usable key: \(refusals.prefix(3).map(\.description).joined(separator: "; "))"
        case .system(let error): error.description
        case .notOurs: "the file is not ours, or others may write to it"
        case .cancelled: "cancelled"
        }
    }
}
