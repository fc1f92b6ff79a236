internal import Base
internal import JSON
internal import Tasks

/// Text shared by the tasks of one answer: written for the first, copied for the others.
struct SharedText {
    /// The range of the owner and the member names around it.
    var owner: Range<Int>?
    var time = TimestampText()
}

/// A task as JSON, written from the store's bytes.
extension ByteWriter {
    /// Appends a task as a JSON object.
    mutating func append(_ task: TaskRow, of owner: Span<UInt8>) {
        var shared = SharedText()
        append(task, of: owner, &shared)
    }

    private mutating func append(
        _ task: TaskRow, of owner: Span<UInt8>, _ shared: inout SharedText, isFirst: Bool = true
    ) {
        append(isFirst ? "{\"id\":" : ",{\"id\":")
        appendDecimal(task.id)
        if let range = shared.owner {
            append(copyOf: range)
        } else {
            let start = count
            append(",\"user_id\":")
            appendJSONString(owner)
            append(",\"title\":")
            shared.owner = start..<count
        }
        appendJSONString(task.title)
        append(",\"description\":")
        if let description = task.description {
            appendJSONString(description)
        } else {
            append("null")
        }
        append(task.completed ? ",\"completed\":true,\"created_at\":" : ",\"completed\":false,\"created_at\":")
        append(task.createdAt, &shared.time)
        append(",\"updated_at\":")
        append(task.updatedAt, &shared.time)
        append(UInt8(ascii: "}"))
    }

    /// Appends rows as elements of a JSON array.
    ///
    /// - Parameter isFirst: whether the array has no element yet.
    mutating func append<Rows: TaskRows>(elements rows: Rows, of owner: Span<UInt8>, isFirst: Bool) {
        var shared = SharedText()
        for position in 0..<rows.count {
            append(rows.row(at: position), of: owner, &shared, isFirst: isFirst && position == 0)
        }
    }
}
