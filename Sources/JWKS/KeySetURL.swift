internal import CCurl

/// Where an issuer publishes its keys: https, or http to this machine.
///
/// Parsed by libcurl, which also fetches it, so that both see the same host. It may hold credentials, so its
/// description has only scheme, host, port and path.
public struct KeySetURL: Equatable, Sendable, CustomStringConvertible {
    /// The URL that is fetched, credentials included.
    let text: String
    let isHTTPS: Bool
    /// Scheme, host, port and path: nothing that could be a secret.
    public let description: String

    /// Parses an absolute URL.
    ///
    /// The corresponding C functions are `curl_url_set` and `curl_url_get`.
    public init(_ text: String) throws(KeySetURLError) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let url = unsafe curl_url() else {
            throw .malformed
        }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = unsafe Self.part(CURLUPART_SCHEME, of: url),
            let host = unsafe Self.part(CURLUPART_HOST, of: url)
        else { throw .malformed }
        guard scheme == "https" || scheme == "http" && Self.isLoopback(host) else { throw .insecure }
        guard unsafe Self.part(CURLUPART_FRAGMENT, of: url) == nil else { throw .malformed }
        let port = unsafe Self.part(CURLUPART_PORT, of: url).map { ":\($0)" } ?? ""
        let path = unsafe Self.part(CURLUPART_PATH, of: url) ?? "/"
        self.text = text
        isHTTPS = scheme == "https"
        description = "\(scheme)://\(host)\(port)\(path)"
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, part, &text, 0) == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    /// Whether a host is a loopback address or `localhost`, without name resolution.
    ///
    /// libcurl has already normalised other spellings of IPv4 addresses.
    private static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}

/// Why keys are not fetched from a URL.
public enum KeySetURLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not an absolute URL with a host, or a URL with a fragment.
    case malformed
    /// Plain HTTP over a network: keys could be replaced on the way.
    case insecure

    /// What the URL must be; does not contain it.
    public var description: String {
        switch self {
        case .malformed: "must be an absolute URL such as https://app.example.com"
        case .insecure: "must begin with https://; http:// only with localhost, 127.0.0.1 or [::1]"
        }
    }
}
