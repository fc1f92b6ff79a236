import Base
import JSON
import JWT
import TaskAPI
import Tasks

/// The fixed inputs: the request of a browser with a Better Auth session, as nginx passes it on.
struct Samples {
    /// A time at which the token is valid.
    static let now: Int64 = 1_800_000_000
    static let user = "kq3TnVw0aRz7YhLd5JxGmB1cEuPfS9oN"

    let token: [UInt8]
    let authorization: [UInt8]
    let one = Array("/api/\(user)/tasks/13".utf8)
    let all = Array("/api/\(user)/tasks".utf8)
    let completion = Array("/api/\(user)/tasks/13/complete".utf8)
    let title = Array("Buy oat milk and bread, trip 12".utf8)
    let description = Array("Two litres of the \"barista\" kind, and the dark rye from the corner – Müller’s.".utf8)
    let body: [UInt8]
    private let secret: SharedSecret
    private let nothing: [UInt8] = []
    private let accept = Array("*/*".utf8)
    private let contentType = Array("application/json".utf8)
    private let origin = Array("http://localhost:3000".utf8)
    private let requestID = Array("5f1c0a9b3e7d48268a7b6c5d4e3f2a10".utf8)

    init() throws {
        secret = try SharedSecret("budget-secret-0123456789abcdef0123456789abcdef")
        let claims = """
            {"sub":"\(Self.user)","email":"ada@example.com","name":"Ada Example","emailVerified":true,\
            "iat":\(Self.now - 60),"exp":\(Self.now + 840)}
            """
        let header = #"{"alg":"HS256","typ":"JWT"}"#
        let compact = try SharedSecretSigner.sign(header: header, payload: claims.utf8.span, secret: secret)
        token = Array(compact.utf8)
        authorization = Array("Bearer \(compact)".utf8)
        body = Self.body(title, description)
    }

    private static func body(_ title: [UInt8], _ description: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append("{\"title\":")
        writer.appendJSONString(title.span)
        writer.append(",\"description\":")
        writer.appendJSONString(description.span)
        writer.append(",\"completed\":false,\"priority\":\"high\"}")
        return unsafe writer.bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// A verifier of the token's secret.
    func verifier(remembering count: Int) -> TokenVerifier {
        do {
            return TokenVerifier(keys: try KeySet(secrets: [secret]), cache: TokenCache.Limits(count: count))
        } catch {
            fatalError("\(error)")
        }
    }

    /// Reads the body as the API does: known members are read, others skipped.
    func readBody() {
        var reader = JSONReader(body.span)
        do throws(JSONError) {
            guard try reader.beginObject() else { return }
            while let name = try reader.nextMember() {
                switch name {
                case "title", "description": _ = try reader.readString()
                case "completed": _ = try reader.readBoolean()
                default: try reader.skipValue()
                }
            }
            try reader.finish()
        } catch {
            fatalError("\(error)")
        }
    }

    @_lifetime(borrow self, borrow target, borrow body)
    private func request(_ method: StaticString, _ target: [UInt8], _ body: [UInt8]) -> Request {
        let name = unsafe UnsafeBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount)
        let span = unsafe _overrideLifetime(Span(_unsafeElements: name), borrowing: target)
        return Request(
            method: span, target: target.span, body: body.span, authorization: authorization.span,
            contentType: contentType.span, accept: accept.span, origin: origin.span, requestID: requestID.span)
    }

    /// Plans a request that needs an operation of the store.
    func plan<Verifier: TokenVerifying>(
        _ method: StaticString, _ target: [UInt8], with api: API<Verifier>, into writer: inout ByteWriter
    ) {
        let state = ServiceState(databaseIsConnected: true)
        let request = request(method, target, nothing)
        let plan = api.plan(request, at: Self.now, allowing: .little, state: { state }, into: &writer)
        guard case .perform = plan else { fatalError("the request was answered without the store") }
    }

    /// Plans a request and answers it with rows in place of the store's.
    func answer<Verifier: TokenVerifying>(
        _ method: StaticString, _ target: [UInt8], body: [UInt8] = [], _ rows: FixedRows, with api: API<Verifier>,
        into writer: inout ByteWriter
    ) {
        let request = request(method, target, body)
        let state = ServiceState(databaseIsConnected: true)
        let plan = api.plan(request, at: Self.now, allowing: .little, state: { state }, into: &writer)
        guard case .perform(_, let pending) = plan else {
            fatalError("the request was answered without the store")
        }
        let answered = api.respond(to: request, pending, .done(rows), into: &writer)
        guard answered.status.rawValue < 500 else { fatalError("the answer is an error") }
    }
}

/// Accepts every token.
struct TrustingVerifier: TokenVerifying {
    func verify(
        _ compact: Span<UInt8>, at now: Int64, allowing work: SignatureWork
    ) throws(TokenError) -> String? { Samples.user }
}
