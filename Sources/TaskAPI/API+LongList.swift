public import Base
public import Tasks

/// A list whose answer is written in parts, so that memory stays bounded.
public struct LongList: Sendable {
    let pending: Pending
    /// How many tasks were written.
    fileprivate(set) var count: Int64 = 0

    /// Whether nothing is written yet.
    public var isEmpty: Bool { count == 0 }

    /// The owner of the tasks.
    public var user: String { pending.owner }

    /// Creates a list of which nothing is written yet.
    public init(_ pending: Pending) {
        self.pending = pending
    }
}

extension API {
    /// Writes the next part of a long list's answer; the first begins with the head, without `Content-Length`.
    ///
    /// For a HEAD request only the head is written.
    ///
    /// - Parameters:
    ///   - request: the request that was planned; its headers determine the head.
    ///   - isLast: whether the answer ends with these rows.
    ///   - writer: contains exactly this part afterwards.
    public func write<Rows: TaskRows>(
        _ rows: Rows, of list: inout LongList, to request: Request, isLast: Bool, into writer: inout ByteWriter
    ) {
        if list.isEmpty {
            begin(.ok, to: request, into: &writer)
            writer.beginContentOfUnknownLength(.json)
        } else {
            writer.reset()
        }
        let start = writer.count
        append(rows, to: &list, isLast: isLast, into: &writer)
        if list.pending.isHead { writer.truncate(to: start) }
    }

    /// The summary, for metrics and logs, of a long list that was answered or aborted.
    public func answered(_ list: LongList, isWhole: Bool) -> Answered {
        var answered = Answered(endpoint: list.pending.endpoint, status: isWhole ? .ok : .serviceUnavailable)
        answered.user = list.pending.owner
        return answered
    }

    /// Appends rows in the list's shape.
    func append<Rows: TaskRows>(
        _ rows: Rows, to list: inout LongList, isLast: Bool, into writer: inout ByteWriter
    ) {
        let isObject = list.pending.listShape == .object
        if list.isEmpty { writer.append(isObject ? "{\"tasks\":[" : "[") }
        writer.append(elements: rows, of: list.pending.owner.utf8Span.span, isFirst: list.isEmpty)
        list.count += Int64(rows.count)
        guard isLast else { return }
        writer.append(UInt8(ascii: "]"))
        guard isObject else { return }
        writer.append(",\"total\":")
        writer.appendDecimal(rows.total ?? list.count)
        writer.append(",\"count\":")
        writer.appendDecimal(list.count)
        writer.append(UInt8(ascii: "}"))
    }
}
