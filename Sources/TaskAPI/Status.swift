/// The status codes of this service; no other file has one.
public enum Status: Int, CaseIterable, Sendable {
    case ok = 200
    case created = 201
    case noContent = 204
    case badRequest = 400
    case unauthorized = 401
    case forbidden = 403
    case notFound = 404
    case methodNotAllowed = 405
    case contentTooLarge = 413
    case unsupportedMediaType = 415
    case unprocessableContent = 422
    case internalServerError = 500
    case serviceUnavailable = 503

    /// Code and reason phrase, for the `Status` line of a CGI response.
    var line: StaticString {
        switch self {
        case .ok: "200 OK"
        case .created: "201 Created"
        case .noContent: "204 No Content"
        case .badRequest: "400 Bad Request"
        case .unauthorized: "401 Unauthorized"
        case .forbidden: "403 Forbidden"
        case .notFound: "404 Not Found"
        case .methodNotAllowed: "405 Method Not Allowed"
        case .contentTooLarge: "413 Content Too Large"
        case .unsupportedMediaType: "415 Unsupported Media Type"
        case .unprocessableContent: "422 Unprocessable Content"
        case .internalServerError: "500 Internal Server Error"
        case .serviceUnavailable: "503 Service Unavailable"
        }
    }
}
