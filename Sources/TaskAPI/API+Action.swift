internal import JSON
internal import Tasks

extension API {
    /// What a request whose sender is known asks of the store.
    static func action(
        of pending: Pending, _ path: Path, _ request: Request
    ) throws(Problem) -> TaskOperation.Action {
        if pending.endpoint == .list {
            try checkBody(of: request, isRead: false)
            let parameters = QueryParameters(of: request.target, pathEnd: path.end)
            return .list(TaskQuery(parameters, countsAll: pending.listShape == .object))
        }
        var errors: [FieldError] = []
        if pending.endpoint == .create {
            let draft = try members(of: request).draft(errors: &errors)
            guard errors.isEmpty else { throw .invalid(errors) }
            return .create(draft)
        }
        let identifier = TaskIdentifier(path.raw(Path.taskSegment))
        if identifier == .malformed { errors.append(FieldError(.taskID, .notANumber)) }
        // Any number will do until the other values are found right: what is out of range is not found last.
        let id = if case .number(let number) = identifier { number } else { Int64(0) }
        let action: TaskOperation.Action
        switch pending.endpoint {
        case .update:
            let patch = try members(of: request).patch(errors: &errors)
            // A change of nothing is no change: not even of the time.
            action = patch.isEmpty ? .read(id) : .update(id, patch)
        case .complete:
            let members = try members(of: request)
            action = .complete(id, completed: members.completion(errors: &errors))
        case .delete:
            try checkBody(of: request, isRead: false)
            action = .delete(id, again: request.isRepeated)
        default:
            try checkBody(of: request, isRead: false)
            action = .read(id)
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        guard identifier != .outOfRange else { throw .noTask }
        return action
    }

    /// What a body says of a task.
    private static func members(of request: Request) throws(Problem) -> TaskMembers {
        try checkBody(of: request, isRead: true)
        guard !request.body.isEmpty else { return TaskMembers() }
        do {
            return try TaskMembers(request.body)
        } catch {
            throw .invalidJSON(position: error.offset)
        }
    }

    /// Refuses a body that cannot be used, whatever it says.
    ///
    /// Where no body is read its type does not matter; clients announce JSON on requests without any.
    private static func checkBody(of request: Request, isRead: Bool) throws(Problem) {
        let hasBody = !request.body.isEmpty || request.bodyIsTooLarge || request.bodyIsIncomplete
        if isRead, hasBody, let type = request.contentType, !type.namesJSON { throw .unsupportedMediaType }
        if request.bodyIsTooLarge { throw .bodyTooLarge }
        if request.bodyIsIncomplete { throw .incompleteBody }
    }
}

extension Span where Element == UInt8 {
    /// Whether a `Content-Type` is JSON's, parameters aside; the edge passes an absent one on as an empty one.
    fileprivate var namesJSON: Bool {
        let type = extracting(0..<firstIndex(of: UInt8(ascii: ";"))).trimmed
        return isEmpty || type.equalsIgnoringCase("application/json")
    }
}
