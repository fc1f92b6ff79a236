/// One request as nginx sent it, borrowed from the memory it was read into.
///
/// Nothing in it is validated or decoded; members are named for their CGI parameters.
public struct Request: ~Escapable {
    /// REQUEST_METHOD.
    public let method: Span<UInt8>
    /// REQUEST_URI: the raw target, with its query.
    public let target: Span<UInt8>
    /// The part of the body that was read.
    public let body: Span<UInt8>
    /// Whether the body exceeds the limit.
    public let bodyIsTooLarge: Bool
    /// Whether the body ended before its announced length.
    public let bodyIsIncomplete: Bool
    /// HTTP_AUTHORIZATION.
    public let authorization: Span<UInt8>?
    /// CONTENT_TYPE.
    public let contentType: Span<UInt8>?
    /// HTTP_ACCEPT.
    public let accept: Span<UInt8>?
    /// HTTP_ORIGIN.
    public let origin: Span<UInt8>?
    /// The request's id, which every problem answer repeats.
    public let requestID: Span<UInt8>?
    /// TODO_LIST_SHAPE: overrides the configured shape of lists.
    public let listShape: Span<UInt8>?
    /// TODO_DELETE_STATUS: overrides the configured answer to a delete.
    public let deleteStatus: Span<UInt8>?
    /// TODO_REPEATED: whether nginx sends the request again, since the first attempt had no answer.
    public let isRepeated: Bool

    /// Borrows the parts of a request.
    @_lifetime(
        copy method, copy target, copy body, copy authorization, copy contentType, copy accept, copy origin,
        copy requestID, copy listShape, copy deleteStatus)
    public init(
        method: Span<UInt8>, target: Span<UInt8>, body: Span<UInt8>,
        bodyIsTooLarge: Bool = false, bodyIsIncomplete: Bool = false,
        authorization: Span<UInt8>? = nil, contentType: Span<UInt8>? = nil, accept: Span<UInt8>? = nil,
        origin: Span<UInt8>? = nil, requestID: Span<UInt8>? = nil,
        listShape: Span<UInt8>? = nil, deleteStatus: Span<UInt8>? = nil, isRepeated: Bool = false
    ) {
        self.method = method
        self.target = target
        self.body = body
        self.bodyIsTooLarge = bodyIsTooLarge
        self.bodyIsIncomplete = bodyIsIncomplete
        self.authorization = authorization
        self.contentType = contentType
        self.accept = accept
        self.origin = origin
        self.requestID = requestID
        self.listShape = listShape
        self.deleteStatus = deleteStatus
        self.isRepeated = isRepeated
    }
}
