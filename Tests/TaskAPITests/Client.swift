import Base
import JSON
import JWT
import TaskAPI
import Tasks
import Testing

/// Tokens without keys: `token-of-` and a user id, `_` for a space; `expired` has expired; `work` needs more work; all
/// others have a wrong signature.
struct StubVerifier: TokenVerifying {
    func verify(_ compact: Span<UInt8>, at now: Int64, allowing work: SignatureWork) throws(TokenError) -> String? {
        var bytes: [UInt8] = []
        for index in compact.indices { bytes.append(compact[index]) }
        let token = String(decoding: bytes, as: UTF8.self)
        if token == "expired" { throw .expired }
        if token == "work" { return work == .any ? "ada" : nil }
        if token.hasPrefix("signed-by-") { throw .unknownKey }
        guard token.hasPrefix("token-of-"), !token.contains(" ") else { throw .malformed }
        return String(token.dropFirst(9).map { $0 == "_" ? " " : $0 })
    }

    func missingKey(of compact: Span<UInt8>) -> MissingKey? {
        MissingKey(keyID: "key of \(compact.count) bytes", algorithm: .ed25519)
    }
}

/// A test's request; an empty header is one that nginx passes without a value.
struct Call {
    var method: String
    var target: String
    var body: [UInt8] = []
    var authorization = "Bearer token-of-ada"
    var contentType = "application/json"
    var accept = ""
    var origin = ""
    var requestID = "r-1"
    var listShape = ""
    var deleteStatus = ""
    var isRepeated = false
    var bodyIsTooLarge = false
    var bodyIsIncomplete = false

    init(_ method: String, _ target: String, _ body: String = "") {
        self.method = method
        self.target = target
        self.body = Array(body.utf8)
    }

    /// The same call with a change.
    func with(_ change: (inout Call) -> Void) -> Call {
        var call = self
        change(&call)
        return call
    }
}

/// The service without sockets and database.
final class Client {
    let api: API<StubVerifier>
    let store = MemoryStore()
    var state = ServiceState(databaseIsConnected: true)
    /// Replaces the store's result.
    var failure: TaskFailure?
    /// Replaces the store's rows.
    var rows: MemoryRows?
    /// The operation of the last request.
    private(set) var operation: TaskOperation?
    private(set) var answered: Answered?
    /// The missing key of the last request that lacked one.
    private(set) var awaited: MissingKey?
    private var writer = ByteWriter()
    private var result: TaskResult<MemoryRows>?

    init(
        origins: AllowedOrigins = .development, listShape: ListShape = .array, deleteStatus: DeleteStatus = .noContent
    ) {
        let configuration = APIConfiguration(
            version: "1.2.3", origins: origins, listShape: listShape, deleteStatus: deleteStatus)
        api = API(configuration, verifier: StubVerifier())
        store.receive = { [unowned self] _, result in self.result = result }
    }

    func send(_ call: Call) -> Reply {
        let method = Array(call.method.utf8)
        let target = Array(call.target.utf8)
        return send(call, method: method, target: target)
    }

    /// Sends a target of any bytes.
    func send(_ call: Call, method: [UInt8], target: [UInt8]) -> Reply {
        let headers = [
            call.authorization, call.contentType, call.accept, call.origin, call.requestID, call.listShape,
            call.deleteStatus,
        ].map { Array($0.utf8) }
        let (authorization, contentType, accept, origin) = (headers[0], headers[1], headers[2], headers[3])
        let (requestID, listShape, deleteStatus) = (headers[4], headers[5], headers[6])
        let request = Request(
            method: method.span, target: target.span, body: call.body.span, bodyIsTooLarge: call.bodyIsTooLarge,
            bodyIsIncomplete: call.bodyIsIncomplete, authorization: authorization.span, contentType: contentType.span,
            accept: accept.span, origin: origin.span, requestID: requestID.span, listShape: listShape.span,
            deleteStatus: deleteStatus.span, isRepeated: call.isRepeated)
        operation = nil
        switch api.plan(request, at: 1_700_000_000, state: { state }, into: &writer) {
        case .answered(let answered): self.answered = answered
        case .awaitKey(let key, let endpoint):
            awaited = key
            answered = api.refuse(request, TokenError.unknownKey, endpoint: endpoint, into: &writer)
        case .awaitVerification:
            preconditionFailure("any work is allowed")
        case .perform(let operation, let pending):
            self.operation = operation
            store.submit(operation, ticket: 1, deadline: .max)
            result = nil
            if failure == nil { store.turn() }
            let result = rows.map { .done($0) } ?? result ?? .failed(failure ?? .unavailable)
            answered = api.respond(to: request, pending, result, into: &writer)
        }
        return Reply(writer)
    }

    func send(_ method: String, _ target: String, _ body: String = "") -> Reply {
        send(Call(method, target, body))
    }

    /// Creates tasks of the user `ada`, oldest first.
    func create(_ titles: String...) {
        for title in titles {
            #expect(send("POST", "/api/ada/tasks", #"{"title": "\#(title)"}"#).status == 201)
        }
    }

    func refuse(_ refusal: Refusal) -> Reply {
        let method = Array("GET".utf8)
        let target = Array("/".utf8)
        let request = Request(method: method.span, target: target.span, body: [UInt8]().span)
        _ = api.refuse(request, refusal, into: &writer)
        return Reply(writer)
    }
}
