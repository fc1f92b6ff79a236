internal import Base

/// The shape of a list's answer.
public enum ListShape: Sendable {
    /// A bare array of tasks.
    case array
    /// `{"tasks": […], "total": n, "count": n}`.
    case object

    /// Reads the value of TODO_LIST_SHAPE; nil where it is absent or unknown.
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

/// The answer to a delete.
public enum DeleteStatus: Sendable {
    /// 204 without content.
    case noContent
    /// 200 with a message, for clients that parse every answer.
    case message

    /// Reads the value of TODO_DELETE_STATUS; nil where it is absent or unknown.
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

/// The operator's configuration of the HTTP API.
public struct APIConfiguration: Sendable {
    /// The service's name in `/` and `/health`.
    public var service: String
    /// The service's version in `/` and `/health`.
    public var version: String
    /// The origins whose pages may read answers.
    public var origins: AllowedOrigins
    /// The shape of lists where nginx's location does not set one.
    public var listShape: ListShape
    /// The answer to a delete where nginx's location does not set one.
    public var deleteStatus: DeleteStatus

    /// Creates a configuration; the defaults are the contract's.
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
