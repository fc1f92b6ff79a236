public import JWT

/// Where keys come from.
public enum KeySource: Equatable, Sendable {
    /// An issuer's server.
    case url(KeySetURL)
    /// A file, by its path, that somebody else writes.
    case file(String)

    /// Reads the set there, at once and as long as it takes: for commands, not for a worker's loop.
    ///
    /// - Parameter userAgent: what a server is told of us.
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

    /// Reads a text that must hold a key we can use: a set without any would lock everybody out.
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
