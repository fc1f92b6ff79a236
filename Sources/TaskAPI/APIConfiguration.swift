internal import Base

/// What a list answers with.
public enum ListShape: Sendable {
    /// A bare array of tasks.
    case array
    /// `{"tasks": […], "total": n, "count": n}`.
    case object

    /// Reads the value of TODO_LIST_SHAPE; nil where it is absent or any other word.
    public init?(_ word: Span<UInt8>?) {
        guard let word else { return nil }
        if word.equals("array") {
            self = .array
        } else if word.equals("object") {
            self = .object
        } else {
            return nil
        }
    }
}

/// What a delete answers with.
public enum DeleteStatus: Sendable {
    /// 204 and nothing.
    case noContent
    /// 200 and a sentence, for clients that parse every answer.
    case message

    /// Reads the value of TODO_DELETE_STATUS; nil where it is absent or any other word.
    public init?(_ word: Span<UInt8>?) {
        guard let word else { return nil }
        if word.equals("204") {
            self = .noContent
        } else if word.equals("200") {
            self = .message
        } else {
            return nil
        }
    }
}

/// What an operator decides about the HTTP surface.
public struct APIConfiguration: Sendable {
    /// The service's name, as `/` and `/health` give it.
    public var service: String
    /// The service's version, as `/` and `/health` give it.
    public var version: String
    /// The origins whose pages may read answers.
    public var origins: AllowedOrigins
    /// The shape of lists where a location does not say.
    public var listShape: ListShape
    /// The answer to a delete where a location does not say.
    public var deleteStatus: DeleteStatus

    /// Joins the decisions; the defaults are the contract's.
    public init(
        service: String = "todo-fcgi", version: String, origins: AllowedOrigins = .development,
        listShape: ListShape = .array, deleteStatus: DeleteStatus = .noContent
    ) {
        self.service = service
        self.version = version
        self.origins = origins
        self.listShape = listShape
        self.deleteStatus = deleteStatus
    }
}
