internal import Base
internal import JSON

/// The one shape of every error: RFC 9457, and what clients of other backends read.
extension ByteWriter {
    /// Appends a problem as a JSON object.
    ///
    /// - Parameter sentence: stands in for the problem's own detail.
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

    /// Clients show it as it is, so it names every member that is wrong; none of its texts needs an escape.
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
    /// Whether there is something, all of it visible ASCII: what an edge makes as an id, and safe in any JSON.
    fileprivate var isPrintable: Bool {
        for index in indices where self[index] <= 0x20 || self[index] >= 0x7F { return false }
        return !isEmpty
    }
}
