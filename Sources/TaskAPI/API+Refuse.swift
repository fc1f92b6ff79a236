public import Base
public import JWT

/// Why the worker refuses a valid request.
public enum Refusal: Sendable {
    /// Too many requests are in flight, or this one has waited too long: 503.
    case overloaded
    /// The token's key is unknown, and the issuer may be asked for it again in this many seconds: 503, since clients
    /// log their user out on 401.
    case unknownKey(retryAfter: Int)
}

extension API {
    /// Answers a request with 503, without an operation of the store.
    public func refuse(
        _ request: Request, _ refusal: Refusal, endpoint: Endpoint? = nil, into writer: inout ByteWriter
    ) -> Answered {
        switch refusal {
        case .overloaded: return answer(.unavailable, to: request, endpoint: endpoint, into: &writer)
        case .unknownKey(let seconds):
            var answered = answer(
                .unknownKey(retryAfter: seconds), to: request, endpoint: endpoint, into: &writer)
            answered.refusal = .unknownKey
            return answered
        }
    }

    /// Answers a request whose token is refused; the client learns only whether the token has expired.
    public func refuse(
        _ request: Request, _ reason: TokenError, endpoint: Endpoint, into writer: inout ByteWriter
    ) -> Answered {
        let problem: Problem = reason == .expired ? .expiredToken : .invalidToken
        var answered = answer(problem, to: request, endpoint: endpoint, into: &writer)
        answered.refusal = reason
        return answered
    }

    /// Answers with a problem.
    ///
    /// - Parameter sentence: replaces the problem's own detail.
    func answer(
        _ problem: Problem, sentence: String? = nil, to request: Request, endpoint: Endpoint?,
        into writer: inout ByteWriter
    ) -> Answered {
        begin(problem.status, to: request, into: &writer)
        if let challenge = problem.challenge { writer.appendHeader("WWW-Authenticate", challenge) }
        if let allow = problem.allow { writer.appendHeader("Allow", allow) }
        if let seconds = problem.retryAfter {
            writer.append("Retry-After: ")
            writer.appendDecimal(Int64(seconds))
            writer.append("\r\n")
        }
        let start = writer.beginContent(request.acceptsProblems ? .problem : .json)
        writer.append(problem, sentence: sentence, requestID: request.requestID)
        writer.endContent(from: start, isHead: Method(request.method) == .head)
        return Answered(endpoint: endpoint, status: problem.status)
    }
}

extension Request {
    /// Whether `Accept` lists `application/problem+json`; some clients parse only `application/json`.
    fileprivate var acceptsProblems: Bool {
        guard let accept else { return false }
        var start = 0
        while start < accept.count {
            let end = accept.firstIndex(of: UInt8(ascii: ","), from: start)
            let range = accept.extracting(start..<end)
            let type = range.extracting(0..<range.firstIndex(of: UInt8(ascii: ";"))).trimmed
            if type.equalsIgnoringCase("application/problem+json") { return true }
            start = end + 1
        }
        return false
    }
}
