internal import Tasks

/// The reasons for an error answer, with everything that a client reads.
enum Problem: Error, Equatable {
    case malformedTarget
    case incompleteBody
    case invalidJSON(position: Int)
    case noToken
    case invalidToken
    case expiredToken
    case forbidden
    case noRoute
    case noTask
    case methodNotAllowed(Resource)
    case bodyTooLarge
    case unsupportedMediaType
    case invalid([FieldError])
    case defect
    case unavailable
    case overloaded
    case readOnly
    /// The key of the token may be a new one that was not read yet.
    case unknownKey(retryAfter: Int)
    case notReady
    case outcomeUnknown
}

extension Problem {
    /// The status of the answer.
    var status: Status {
        switch self {
        case .malformedTarget, .incompleteBody, .invalidJSON: .badRequest
        case .noToken, .invalidToken, .expiredToken: .unauthorized
        case .forbidden: .forbidden
        case .noRoute, .noTask: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalid: .unprocessableContent
        case .defect: .internalServerError
        case .unavailable, .overloaded, .readOnly, .unknownKey, .notReady, .outcomeUnknown: .serviceUnavailable
        }
    }

    /// The sentence of `detail` and `message`; clients compare some of them literally.
    ///
    /// A 422 lists the error of each member instead.
    var detail: StaticString {
        switch self {
        case .malformedTarget: "Malformed request target"
        case .incompleteBody: "The request body ended early"
        case .invalidJSON: "The request body is not valid JSON"
        case .noToken: "Not authenticated"
        case .invalidToken: "Invalid token"
        case .expiredToken: "Token expired"
        case .forbidden: "Access forbidden"
        case .noRoute: "Not found"
        case .noTask: "Task not found"
        case .methodNotAllowed: "Method not allowed"
        case .bodyTooLarge: "The request body is too large"
        case .unsupportedMediaType: "The request body must be application/json"
        case .invalid: "Invalid request"
        case .defect: "Internal server error"
        case .unavailable: "Service temporarily unavailable"
        case .overloaded: "Too many requests for long lists or searches are waiting"
        case .readOnly: "The database is read-only at the moment; nothing was changed"
        case .unknownKey: "The token's key is not known yet"
        case .notReady: "Service not ready"
        case .outcomeUnknown: "Service temporarily unavailable; it is unknown whether the change was made"
        }
    }

    /// The errors of a request's values, if any.
    var errors: [FieldError] {
        switch self {
        case .invalid(let errors): errors
        case .invalidJSON(let position): [FieldError(.bodyByte(position), .notJSON)]
        default: []
        }
    }

    /// The challenge of a 401 (RFC 6750, section 3).
    var challenge: StaticString? {
        switch self {
        case .noToken: "Bearer"
        case .invalidToken, .expiredToken: "Bearer error=\"invalid_token\""
        default: nil
        }
    }

    /// The value of `Allow` in a 405.
    var allow: StaticString? {
        if case .methodNotAllowed(let resource) = self { resource.allow } else { nil }
    }

    /// The value of `Retry-After`, in seconds.
    var retryAfter: Int? {
        if case .unknownKey(let seconds) = self { return seconds }
        return status == .serviceUnavailable ? 1 : nil
    }
}

extension Problem {
    /// The problem of an operation that failed.
    init(_ failure: TaskFailure, of endpoint: Endpoint) {
        switch failure {
        case .unavailable: self = .unavailable
        case .overloaded: self = .overloaded
        case .readOnly: self = .readOnly
        case .timedOut: self = endpoint.isWrite ? .outcomeUnknown : .unavailable
        case .outcomeUnknown: self = .outcomeUnknown
        case .refused: self = .defect
        }
    }
}
