public import JWT

/// Where keys come from.
public enum KeySource: Equatable, Sendable {
    /// An issuer's server.
    case url(KeySetURL)
    /// The path of a file that another program writes.
    case file(String)

    /// Reads the set and blocks until it is there: for commands, not for a worker's loop.
    ///
    /// - Parameter userAgent: the `User-Agent` of requests.
    public func read(userAgent: String) throws(KeySourceError) -> JWKSet {
        switch self {
        case .url(let url): try Fetch.keySet(at: url, userAgent: userAgent, isCancelled: { false }).set
        case .file(let path): try KeySetFile(path: path).read().set
        }
    }
}

extension KeySource: CustomStringConvertible {
    /// The source as the log names it, without credentials.
    public var description: String {
        switch self {
        case .url(let url): url.description
        case .file(let path): path
        }
    }
}

/// A key set and the text it was read from.
struct ReadKeySet: Equatable, Sendable {
    let set: JWKSet
    let text: [UInt8]

    /// Parses a set that must hold a usable key: without one every token would be refused.
    init(_ text: [UInt8]) throws(KeySourceError) {
        do throws(JWKSetError) {
            set = try JWKSet(text.span)
        } catch {
            throw .unreadable(error)
        }
        guard !set.keys.isEmpty else { throw .noUsableKey(set.refusals) }
        self.text = text
    }
}
