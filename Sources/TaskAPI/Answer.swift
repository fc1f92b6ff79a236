internal import Base

/// The media type of an answer's content.
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

/// The parts of a CGI response (RFC 3875, section 6): the head, then the content.
extension ByteWriter {
    /// Replaces the last answer with the start of a new one: the headers that every answer has.
    ///
    /// `no-store`, since tasks are private to their owner.
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

    /// Ends the content and fills in its length.
    ///
    /// - Parameter isHead: whether only the head is sent, with the content's length (RFC 9110, section 9.3.2).
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
