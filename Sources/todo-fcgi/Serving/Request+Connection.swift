import FastCGI
import TaskAPI

/// The FastCGI parameters that nginx.conf sets, in its order.
enum Parameter: Int, CaseIterable {
    case method, target, contentType, authorization, accept, origin, start, listShape, deleteStatus, repeated

    var name: StaticString {
        switch self {
        case .method: "REQUEST_METHOD"
        case .target: "REQUEST_URI"
        case .contentType: "CONTENT_TYPE"
        case .authorization: "HTTP_AUTHORIZATION"
        case .accept: "HTTP_ACCEPT"
        case .origin: "HTTP_ORIGIN"
        case .start: "REQUEST_START"
        case .listShape: "TODO_LIST_SHAPE"
        case .deleteStatus: "TODO_DELETE_STATUS"
        case .repeated: "TODO_REPEATED"
        }
    }
}

extension Connection<Worker> {
    /// The running request, borrowed from the connection.
    @_lifetime(borrow self, copy body, borrow name)
    func request(_ body: borrowing RequestBody, _ name: RequestName) -> Request {
        request(body.bytes, isTooLarge: body.isTooLarge, isIncomplete: body.isIncomplete, name)
    }

    /// The running request with the body of a held request.
    @_lifetime(borrow self, borrow held, borrow name)
    func request(_ held: borrowing HeldRequest, _ name: RequestName) -> Request {
        request(held.body.span, isTooLarge: held.bodyIsTooLarge, isIncomplete: held.bodyIsIncomplete, name)
    }

    /// The parts of the running request that its answer depends on; after planning, the body is discarded.
    @_lifetime(borrow self, borrow name)
    func requestForAnswer(_ name: RequestName) -> Request {
        name.set(id)
        return Request(
            method: required(.method), target: required(.target), body: Span(), accept: parameter(.accept),
            origin: parameter(.origin), requestID: name.span)
    }

    @_lifetime(borrow self, copy bytes, borrow name)
    private func request(
        _ bytes: Span<UInt8>, isTooLarge: Bool, isIncomplete: Bool, _ name: RequestName
    ) -> Request {
        name.set(id)
        return Request(
            method: required(.method),
            target: required(.target),
            body: bytes,
            bodyIsTooLarge: isTooLarge,
            bodyIsIncomplete: isIncomplete,
            authorization: parameter(.authorization),
            contentType: parameter(.contentType),
            accept: parameter(.accept),
            origin: parameter(.origin),
            requestID: name.span,
            listShape: parameter(.listShape),
            deleteStatus: parameter(.deleteStatus),
            isRepeated: parameter(.repeated) != nil)
    }

    /// A parameter that nginx always sets; empty from any other peer.
    @_lifetime(borrow self)
    private func required(_ parameter: Parameter) -> Span<UInt8> {
        if let value = self.parameter(parameter) { value } else { Span() }
    }

    @_lifetime(borrow self)
    private func parameter(_ parameter: Parameter) -> Span<UInt8>? {
        self.parameter(parameter.rawValue)
    }

    /// The time since nginx had the whole request, by `REQUEST_START`.
    ///
    /// - Parameter longest: the longest time the request can have waited for this process, by this process's clock.
    func timeSinceStart(_ now: UInt64, longest: UInt64) -> UInt64 {
        guard let text = parameter(.start) else { return 0 }
        return RequestStart.age(text, at: now, longest: longest)
    }
}

/// The time in REQUEST_START.
enum RequestStart {
    /// The longest time between nginx's reading of its clock and its sending of the request, in nanoseconds.
    static let allowance: UInt64 = 100_000_000

    /// The nanoseconds from that time to now; 0 where they are implausible, since nginx's clock and ours differ.
    ///
    /// Clocks of several hosts may differ by seconds. Without the bound, requests would be refused for a wait that
    /// never happened.
    static func age(_ text: Span<UInt8>, at now: UInt64, longest: UInt64) -> UInt64 {
        guard let start = nanoseconds(text), now > start, now - start <= longest + allowance else { return 0 }
        return now - start
    }

    /// Nanoseconds since 1970, from seconds with three decimals; nil from any other text.
    static func nanoseconds(_ text: Span<UInt8>) -> UInt64? {
        // Ten digits of seconds last until the year 2286, and their nanoseconds fit.
        let point = text.count - 4
        guard point > 0, point <= 10, text[point] == UInt8(ascii: ".") else { return nil }
        var milliseconds: UInt64 = 0
        for index in text.indices where index != point {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            milliseconds = milliseconds &* 10 &+ UInt64(digit)
        }
        return milliseconds * 1_000_000
    }
}
