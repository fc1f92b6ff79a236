public import Base
public import Tasks

extension API {
    /// Answers a request with the result of its operation.
    ///
    /// - Parameter request: the request that was planned; `Location` and the head depend on its target and headers.
    /// - Parameter pending: what `plan` returned with the operation.
    /// - Parameter result: the whole result; the parts of a long list are written by `write(_:of:to:isLast:into:)`.
    public func respond<Rows: TaskRows>(
        to request: Request, _ pending: Pending, _ result: TaskResult<Rows>, into writer: inout ByteWriter
    ) -> Answered {
        var answered =
            switch result {
            case .done(let rows), .part(let rows):
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
            // A create must return its row: anything else is an internal error, not the client's.
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
            var list = LongList(pending)
            append(rows, to: &list, isLast: true, into: &writer)
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
}
