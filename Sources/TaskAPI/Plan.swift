public import JWT
public import Tasks

/// What a request needs.
public enum Plan {
    /// Nothing more: its answer is written.
    case answered(Answered)
    /// One operation of the store; its result is answered with what is pending.
    case perform(TaskOperation, Pending)
    /// A key that the token names and nobody here has: to be planned again when it has come, or refused.
    case awaitKey(MissingKey, Endpoint)
    /// More work on the token than was allowed: to be planned again when there is time for it.
    ///
    /// With a hash of the path's user where a token of that user was verified lately.
    case awaitVerification(Endpoint, recentUser: Int?)
}

/// An answer that was written, for logs and counters.
public struct Answered: Equatable, Sendable {
    /// What was asked for; nil where no route fits.
    public let endpoint: Endpoint?
    /// How it went.
    public let status: Status
    /// Why the token was refused; nil where it was not.
    public var refusal: TokenError?
    /// Whose token was accepted; nil where none was.
    public var user: String?
}

/// What has to be known of a request, beside the request itself, when its result arrives.
public struct Pending: Equatable, Sendable {
    /// What was asked for.
    public let endpoint: Endpoint
    /// Whose tasks: the same string as the operation's.
    let owner: String
    /// Where the user's id lies in the target.
    let userSegment: Range<Int>
    let isHead: Bool
    let listShape: ListShape
    let deleteStatus: DeleteStatus
}
