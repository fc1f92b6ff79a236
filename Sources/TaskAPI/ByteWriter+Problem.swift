internal import Base
internal import JSON

/// The shape of every error: a problem document (RFC 9457), with the members that clients of other backends read.
extension ByteWriter {
    /// Appends a problem as a JSON object.
    ///
    /// - Parameter sentence: replaces the problem's own detail.
    mutating func append(_ problem: Problem, sentence: String? = nil, requestID: Span<UInt8>?) {
        append("{\"type\":\"about:blank\",\"title\":")
        let line = problem.status.line.bytes
        appendJSONString(line.extracting(4..<line.count))
        append(",\"status\":")
        append(line.extracting(0..<3))
        append(",\"detail\":")
        appendDetail(of: problem, sentence: sentence)
        append(",\"message\":")
        appendDetail(of: problem, sentence: sentence)
        if let requestID, requestID.isPrintable {
            append(",\"request_id\":")
            appendJSONString(requestID)
        }
        appendErrors(problem.errors)
        append(UInt8(ascii: "}"))
    }

    /// Appends the detail, which clients display: it lists every invalid member; none of its texts needs escapes.
    private mutating func appendDetail(of problem: Problem, sentence: String?) {
        if let sentence { return appendJSONString(sentence) }
        guard case .invalid(let errors) = problem else { return appendJSONString(problem.detail.bytes) }
        append(UInt8(ascii: "\""))
        for index in errors.indices {
            if index > 0 { append("; ") }
            append(errors[index].location.name ?? errors[index].location.part)
            append(": ")
            append(errors[index].kind.message)
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendErrors(_ errors: [FieldError]) {
        guard !errors.isEmpty else { return }
        append(",\"errors\":[")
        for index in errors.indices {
            if index > 0 { append(",") }
            append(errors[index])
        }
        append("]")
    }

    private mutating func append(_ error: FieldError) {
        append("{\"loc\":[\"")
        append(error.location.part)
        append("\"")
        if let name = error.location.name {
            append(",\"")
            append(name)
            append("\"")
        } else if case .bodyByte(let position) = error.location {
            append(",")
            appendDecimal(Int64(position))
        }
        append("],\"msg\":\"")
        append(error.kind.message)
        append("\",\"type\":\"")
        append(error.kind.type)
        append("\"}")
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes are visible ASCII and not empty.
    fileprivate var isPrintable: Bool {
        for index in indices where self[index] <= 0x20 || self[index] >= 0x7F { return false }
        return !isEmpty
    }
}
