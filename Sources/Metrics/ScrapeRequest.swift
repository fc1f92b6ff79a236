/// The request of a peer of the metrics address.
enum ScrapeRequest: Equatable {
    /// Not complete yet.
    case incomplete
    /// The metrics; without content for HEAD.
    case metrics(isHead: Bool)
    /// A refused request, with its status.
    case refused(String)

    /// The most bytes of a request; a scraper's has some hundred.
    static let limit = 8 << 10

    /// Parses the received part of a request (RFC 9112): the headers are awaited, and only the first line is used.
    init(_ bytes: [UInt8]) {
        guard let end = Self.endOfHead(bytes) else {
            self = bytes.count >= Self.limit ? .refused("431 Request Header Fields Too Large") : .incomplete
            return
        }
        let line = bytes[..<end].prefix { $0 != 0x0d && $0 != 0x0a }
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words[2].starts(with: "HTTP/1.".utf8), words[1].first == UInt8(ascii: "/"),
            line.allSatisfy({ $0 > 0x1f && $0 < 0x7f })
        else {
            self = .refused("400 Bad Request")
            return
        }
        guard words[0].elementsEqual("GET".utf8) || words[0].elementsEqual("HEAD".utf8) else {
            self = .refused("405 Method Not Allowed")
            return
        }
        let path = words[1].prefix { $0 != UInt8(ascii: "?") }
        guard path.elementsEqual("/metrics".utf8) || path.elementsEqual("/".utf8) else {
            self = .refused("404 Not Found")
            return
        }
        self = .metrics(isHead: words[0].count == 4)
    }

    /// The offset of the empty line that ends a head, with CRLF or LF line endings.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        for index in bytes.indices where bytes[index] == 0x0a {
            let rest = bytes[(index + 1)...]
            if rest.first == 0x0a || rest.starts(with: [0x0d, 0x0a]) { return index }
        }
        return nil
    }

    /// The answer's bytes.
    static func answer(_ status: String, isHead: Bool = false, _ content: [UInt8]) -> [UInt8] {
        var answer = Array("HTTP/1.1 \(status)\r\nContent-Type: \(Exposition.contentType)\r\n".utf8)
        if status.hasPrefix("405") { answer += "Allow: GET, HEAD\r\n".utf8 }
        answer += "Content-Length: \(content.count)\r\nConnection: close\r\n\r\n".utf8
        return isHead ? answer : answer + content
    }
}
