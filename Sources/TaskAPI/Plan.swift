public import JWT
public import Tasks

/// The next step of a request.
public enum Plan {
    /// None: its answer is written.
    case answered(Answered)
    /// An operation of the store, whose result `respond` answers.
    case perform(TaskOperation, Pending)
    /// A read of the issuer's keys, since the token's key is missing; plan again afterwards, or refuse.
    case awaitKey(MissingKey, Endpoint)
    /// More work on the token than was allowed; plan again with more.
    ///
    /// With a hash of the path's user where a token of that user was verified recently.
    case awaitVerification(Endpoint, recentUser: Int?)
}

/// The summary of an answer, for logs and metrics.
public struct Answered: Equatable, Sendable {
    /// The endpoint; nil where no route matches.
    public let endpoint: Endpoint?
    /// The status of the answer.
    public let status: Status
    /// Why the token was refused; nil where it was not.
    public var refusal: TokenError?
    /// The authenticated user; nil where there is none.
    public var user: String?
}

/// The state of a request, beside the request itself, until its operation's result arrives.
public struct Pending: Equatable, Sendable {
    /// The endpoint.
    public let endpoint: Endpoint
    /// The owner of the tasks: the same string as the operation's.
    let owner: String
    /// The range of the user's id in the target.
    let userSegment: Range<Int>
    let isHead: Bool
    let listShape: ListShape
    let deleteStatus: DeleteStatus
}
