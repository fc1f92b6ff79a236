/// The reply to one request.
struct Reply: Equatable {
    var output: [UInt8] = []
    var applicationStatus: UInt32 = 0
    var protocolStatus: UInt8 = 0

    var text: String { String(decoding: output, as: UTF8.self) }
}

/// Parses records as they arrive.
struct ReplyReader {
    /// The requests that have their END_REQUEST.
    private(set) var replies: [Reply] = []
    /// Records of the connection, not of a request: kind and content.
    private(set) var management: [(kind: UInt8, content: [UInt8])] = []
    /// How much each record of STDOUT carried that was not its end.
    private(set) var outputSizes: [Int] = []
    /// STDOUT of the request that has no END_REQUEST yet.
    private(set) var unfinished: [UInt8] = []
    /// Bytes of an incomplete record.
    private var rest: [UInt8] = []

    /// Whether all that arrived was whole replies.
    var isAtEnd: Bool { rest.isEmpty && unfinished.isEmpty }

    mutating func take(_ bytes: [UInt8]) {
        rest += bytes
        var start = 0
        while rest.count - start >= 8 {
            let kind = rest[start + 1]
            let id = Int(rest[start + 2]) << 8 | Int(rest[start + 3])
            let length = Int(rest[start + 4]) << 8 | Int(rest[start + 5])
            let end = start + 8 + length + Int(rest[start + 6])
            guard end <= rest.count else { break }
            precondition(rest[start] == 1, "a record of another version of FastCGI")
            take(kind, id, Array(rest[start + 8..<start + 8 + length]))
            start = end
        }
        rest.removeFirst(start)
    }

    private mutating func take(_ kind: UInt8, _ id: Int, _ content: [UInt8]) {
        switch kind {
        case _ where id == 0: management.append((kind, content))
        case Record.Kind.output.rawValue:
            unfinished += content
            if !content.isEmpty { outputSizes.append(content.count) }
        case Record.Kind.end.rawValue:
            let status = content.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            replies.append(Reply(output: unfinished, applicationStatus: status, protocolStatus: content[4]))
            unfinished = []
        default: preconditionFailure("a record of kind \(kind)")
        }
    }
}

/// Parses the records of one answer without keeping their content.
struct RecordReader {
    private(set) var isEnded = false
    private var header: [UInt8] = []
    private var contentLeft = 0

    /// The bytes of STDOUT among these.
    mutating func output(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        var output: ArraySlice<UInt8> = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if contentLeft == 0 {
                header.append(rest.removeFirst())
                guard header.count == 8 else { continue }
                precondition(header[6] == 0, "padding")
                contentLeft = Int(header[4]) << 8 | Int(header[5])
                isEnded = header[1] == Record.Kind.end.rawValue
                if contentLeft == 0 { header = [] }
            } else {
                let content = rest.prefix(contentLeft)
                if header[1] == Record.Kind.output.rawValue { output += content }
                rest = rest.dropFirst(content.count)
                contentLeft -= content.count
                if contentLeft == 0 { header = [] }
            }
        }
        return output
    }
}
