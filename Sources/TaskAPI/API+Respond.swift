public import Base
public import Tasks

extension API {
    /// Answers a request with what became of its operation.
    ///
    /// - Parameter request: the one that was planned: its target names the new task, its headers shape the answer.
    /// - Parameter pending: what `plan` gave with the operation.
    public func respond<Rows: TaskRows>(
        to request: Request, _ pending: Pending, _ result: TaskResult<Rows>, into writer: inout ByteWriter
    ) -> Answered {
        var answered =
            switch result {
            case .done(let rows):
                answer(rows, to: request, pending, into: &writer)
            case .failed(let failure):
                answer(Problem(failure, of: pending.endpoint), to: request, endpoint: pending.endpoint, into: &writer)
            }
        answered.user = pending.owner
        return answered
    }

    private func answer<Rows: TaskRows>(
        _ rows: Rows, to request: Request, _ pending: Pending, into writer: inout ByteWriter
    ) -> Answered {
        let endpoint = pending.endpoint
        if endpoint != .list, rows.count == 0 {
            // A new task that is not there is our own mistake, not the client's.
            return answer(endpoint == .create ? .defect : .noTask, to: request, endpoint: endpoint, into: &writer)
        }
        if endpoint == .delete, pending.deleteStatus == .noContent {
            begin(.noContent, to: request, into: &writer)
            writer.endWithoutContent()
            return Answered(endpoint: endpoint, status: .noContent)
        }
        let status = endpoint == .create ? Status.created : .ok
        begin(status, to: request, into: &writer)
        if endpoint == .create {
            let user = request.target.extracting(pending.userSegment)
            writer.appendLocation(user: user, id: rows.row(at: 0).id)
        }
        let start = writer.beginContent(.json)
        switch endpoint {
        case .list:
            append(rows, pending, into: &writer)
        case .delete:
            writer.append("{\"message\":\"Task deleted successfully\",\"id\":")
            writer.appendDecimal(rows.row(at: 0).id)
            writer.append(UInt8(ascii: "}"))
        default:
            writer.append(rows.row(at: 0), of: pending.owner.utf8Span.span)
        }
        writer.endContent(from: start, isHead: pending.isHead)
        return Answered(endpoint: endpoint, status: status)
    }

    private func append<Rows: TaskRows>(
        _ rows: Rows, _ pending: Pending, into writer: inout ByteWriter
    ) {
        let owner = pending.owner.utf8Span.span
        guard pending.listShape == .object else { return writer.append(all: rows, of: owner) }
        writer.append("{\"tasks\":")
        writer.append(all: rows, of: owner)
        writer.append(",\"total\":")
        writer.appendDecimal(rows.total ?? Int64(rows.count))
        writer.append(",\"count\":")
        writer.appendDecimal(Int64(rows.count))
        writer.append(UInt8(ascii: "}"))
    }
}
