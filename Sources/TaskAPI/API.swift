public import Base
public import JWT
internal import Tasks

/// The HTTP API of the tasks: pure functions from a request to an operation, and from its result to an answer.
///
/// Every answer replaces the content of the given writer, as one CGI response. No function blocks, and the only state
/// is the verifier's token cache.
public struct API<Verifier: TokenVerifying> {
    /// The operator's configuration.
    public let configuration: APIConfiguration
    /// Verifies bearer tokens.
    public let verifier: Verifier

    /// Creates the API from its configuration and a verifier.
    public init(_ configuration: APIConfiguration, verifier: Verifier) {
        self.configuration = configuration
        self.verifier = verifier
    }
}

extension API {
    /// Plans a request: answers it at once, or returns the store's operation or the key that is missing.
    ///
    /// The order of the checks is part of the contract: route, token, user, body, values. The writer is changed only
    /// where the request is answered.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - work: how much work the verification of the token may take.
    ///   - state: called only where the answer reports it.
    public func plan(
        _ request: Request, at now: Int64, allowing work: SignatureWork = .any, state: () -> ServiceState,
        into writer: inout ByteWriter
    ) -> Plan {
        let method = Method(request.method)
        var endpoint: Endpoint?
        var user: String?
        do throws(Problem) {
            if method == .options { return .answered(answerPreflight(to: request, into: &writer)) }
            let path = try Path(request.target)
            guard let resource = Resource(path) else { throw .noRoute }
            endpoint = Endpoint(method, resource)
            guard let endpoint else { throw .methodNotAllowed(resource) }
            guard endpoint.isOfTasks else {
                return .answered(
                    answerOpen(endpoint, to: request, isHead: method == .head, state: state(), into: &writer))
            }
            let token = try BearerToken(request.authorization)
            let owner: String
            do throws(TokenError) {
                guard let user = try verifier.verify(token.compact, at: now, allowing: work) else {
                    let user = path.raw(Path.userSegment).decoded()
                    return .awaitVerification(endpoint, recentUser: verifier.recentUser(user.span))
                }
                owner = user
            } catch {
                if error == .unknownKey, let key = verifier.missingKey(of: token.compact) {
                    return .awaitKey(key, endpoint)
                }
                return .answered(refuse(request, error, endpoint: endpoint, into: &writer))
            }
            user = owner
            guard path.segment(Path.userSegment, equals: owner.utf8Span.span) else { throw .forbidden }
            let pending = Pending(
                endpoint: endpoint, owner: owner, userSegment: path.range(of: Path.userSegment),
                isHead: method == .head,
                listShape: ListShape(request.listShape) ?? configuration.listShape,
                deleteStatus: DeleteStatus(request.deleteStatus) ?? configuration.deleteStatus)
            let action = try Self.action(of: pending, path, request)
            return .perform(TaskOperation(owner: owner, action), pending)
        } catch {
            var answered = answer(error, to: request, endpoint: endpoint, into: &writer)
            answered.user = user
            return .answered(answered)
        }
    }
}
