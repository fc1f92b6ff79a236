import Base
import FastCGI

/// A handler that records its requests.
final class Recorder: RequestHandler {
    static let parameterNames: [StaticString] = [
        "REQUEST_METHOD", "REQUEST_URI", "EMPTY", "TWICE", "LONG", "REQUEST", "REQUEST_URI_", "X",
    ]

    struct Received: Equatable {
        var id: RequestID
        var method: String?
        var target: String?
        var body: [UInt8]
        var isTooLarge: Bool
        var isIncomplete: Bool
    }

    private(set) var received: [Received] = []
    /// The answer to all requests; nil to leave them unanswered.
    var answer: [UInt8]? = Array("Status: 204\r\n\r\n".utf8)
    /// Called with each connection after its request was recorded, and before it is answered.
    var observe: ((Connection<Recorder>) -> Void)?

    func handle(_ connection: Connection<Recorder>, body: borrowing RequestBody) {
        received.append(
            Received(
                id: connection.id, method: connection.text("REQUEST_METHOD"), target: connection.text("REQUEST_URI"),
                body: Array(copying: body.bytes), isTooLarge: body.isTooLarge, isIncomplete: body.isIncomplete))
        observe?(connection)
        if let answer { connection.answer(answer.span) }
    }

    /// Drops the recorded requests.
    func forget() {
        received = []
    }

    /// Called when a connection has room again.
    var hasRoom: ((Connection<Recorder>) -> Void)?
    private(set) var abandoned: [RequestID] = []

    func connectionHasRoom(_ connection: Connection<Recorder>) {
        hasRoom?(connection)
    }

    func requestAbandoned(_ id: RequestID) {
        abandoned.append(id)
    }
}

extension Connection<Recorder> {
    func text(_ name: String) -> String? {
        guard let place = Recorder.parameterNames.firstIndex(where: { $0.description == name }) else {
            preconditionFailure("the recorder does not read \(name)")
        }
        guard let bytes = parameter(place) else { return nil }
        return String(copying: bytes)
    }
}
