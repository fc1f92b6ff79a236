internal import JSON
internal import Tasks

/// The wire form of a task, from the store's bytes to the answer's.
extension ByteWriter {
    /// Appends a task as a JSON object.
    mutating func append(_ task: TaskRow, of owner: Span<UInt8>) {
        append("{\"id\":")
        appendDecimal(task.id)
        append(",\"user_id\":")
        appendJSONString(owner)
        append(",\"title\":")
        appendJSONString(task.title)
        append(",\"description\":")
        if let description = task.description {
            appendJSONString(description)
        } else {
            append("null")
        }
        append(task.completed ? ",\"completed\":true,\"created_at\":" : ",\"completed\":false,\"created_at\":")
        append(task.createdAt)
        append(",\"updated_at\":")
        append(task.updatedAt)
        append(UInt8(ascii: "}"))
    }

    /// Appends all rows as a JSON array.
    mutating func append<Rows: TaskRows>(all rows: Rows, of owner: Span<UInt8>) {
        append(UInt8(ascii: "["))
        for position in 0..<rows.count {
            if position > 0 { append(UInt8(ascii: ",")) }
            append(rows.row(at: position), of: owner)
        }
        append(UInt8(ascii: "]"))
    }
}
