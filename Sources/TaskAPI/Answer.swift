internal import Base

/// What the content of an answer is.
enum ContentType {
    case json, problem

    /// The header line.
    var line: StaticString {
        switch self {
        case .json: "Content-Type: application/json\r\n"
        case .problem: "Content-Type: application/problem+json\r\n"
        }
    }
}

/// The frame of an answer as a FastCGI server expects it: a CGI head (RFC 3875, section 6), then the content, in one
/// piece.
extension ByteWriter {
    /// Starts an answer where the last one stood, with the headers that every answer has.
    ///
    /// What a task holds is its owner's alone, so no cache keeps an answer.
    mutating func beginAnswer(_ status: Status) {
        reset(keepingCapacity: 1 << 20)
        append("Status: ")
        append(status.line)
        append("\r\nCache-Control: no-store\r\nVary: Origin\r\n")
    }

    /// Adds a header line.
    mutating func appendHeader(_ name: StaticString, _ value: StaticString) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    /// Ends the head of an answer that has content, and returns where the content starts.
    mutating func beginContent(_ type: ContentType) -> Int {
        append(type.line)
        append("Content-Length:            \r\n\r\n")
        return count
    }

    /// Ends the head of an answer whose content is sent before its length is known.
    mutating func beginContentOfUnknownLength(_ type: ContentType) {
        append(type.line)
        append("\r\n")
    }

    /// Ends the content: its length is known now.
    ///
    /// - Parameter isHead: whether only the head is sent, with the length that the content has (RFC 9110, 9.3.2).
    mutating func endContent(from start: Int, isHead: Bool) {
        let end = start - 4
        replace(end - 11..<end, withDecimal: count - start)
        if isHead { truncate(to: start) }
    }

    /// Ends an answer that has no content.
    mutating func endWithoutContent() {
        append("\r\n")
    }
}
