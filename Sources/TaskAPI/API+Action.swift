internal import JSON
internal import Tasks

extension API {
    /// The store's action for an authenticated request.
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
        // An id out of range is 404 only when all other values are valid; until then it is 0.
        let id = if case .number(let number) = identifier { number } else { Int64(0) }
        let action: TaskOperation.Action
        switch pending.endpoint {
        case .update:
            let patch = try members(of: request).patch(errors: &errors)
            // An empty patch changes nothing, not even `updated_at`.
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

    /// The members of a request's body.
    private static func members(of request: Request) throws(Problem) -> TaskMembers {
        try checkBody(of: request, isRead: true)
        guard !request.body.isEmpty else { return TaskMembers() }
        do {
            return try TaskMembers(request.body)
        } catch {
            throw .invalidJSON(position: error.offset)
        }
    }

    /// Refuses a body that is too large, cut short, or not JSON where one is read.
    ///
    /// Where no body is read its type is ignored: some clients announce JSON on requests without a body.
    private static func checkBody(of request: Request, isRead: Bool) throws(Problem) {
        let hasBody = !request.body.isEmpty || request.bodyIsTooLarge || request.bodyIsIncomplete
        if isRead, hasBody, let type = request.contentType, !type.namesJSON { throw .unsupportedMediaType }
        if request.bodyIsTooLarge { throw .bodyTooLarge }
        if request.bodyIsIncomplete { throw .incompleteBody }
    }
}

extension Span where Element == UInt8 {
    /// Whether a `Content-Type` is JSON, parameters aside; nginx passes an absent header as an empty one.
    fileprivate var namesJSON: Bool {
        let type = extracting(0..<firstIndex(of: UInt8(ascii: ";"))).trimmed
        return isEmpty || type.equalsIgnoringCase("application/json")
    }
}
