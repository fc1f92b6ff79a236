public import Base
public import JWT

/// Why a worker answers a request without the API's plan.
public enum Refusal: Sendable {
    /// More requests are in flight than will be waited for, or this one has waited too long: 503.
    case overloaded
    /// Its token names a key that is not known here; the issuer may be asked for it again in so many seconds: 503, since
    /// a client that reads 401 logs its user out.
    case unknownKey(retryAfter: Int)
}

extension API {
    /// Answers a request that was not planned to its end, with 503.
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

    /// Answers a request whose token is not good enough; only that its time is over is told.
    public func refuse(
        _ request: Request, _ reason: TokenError, endpoint: Endpoint, into writer: inout ByteWriter
    ) -> Answered {
        let problem: Problem = reason == .expired ? .expiredToken : .invalidToken
        var answered = answer(problem, to: request, endpoint: endpoint, into: &writer)
        answered.refusal = reason
        return answered
    }

    /// Answers with a problem, whatever led to it.
    ///
    /// - Parameter sentence: stands in for the problem's own detail.
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
    /// Whether `Accept` names problem documents; some clients parse only what says `application/json`.
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
