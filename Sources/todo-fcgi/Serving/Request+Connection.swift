import FastCGI
import TaskAPI

/// What nginx.conf hands on, in its order.
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
    /// The running request, borrowed from the connection: the parameters that nginx.conf hands on.
    @_lifetime(borrow self, copy body, borrow name)
    func request(_ body: borrowing RequestBody, _ name: RequestName) -> Request {
        request(body.bytes, isTooLarge: body.isTooLarge, isIncomplete: body.isIncomplete, name)
    }

    /// The same with the body that was kept for it.
    @_lifetime(borrow self, borrow guest, borrow name)
    func request(_ guest: borrowing HeldRequest, _ name: RequestName) -> Request {
        request(guest.body.span, isTooLarge: guest.bodyIsTooLarge, isIncomplete: guest.bodyIsIncomplete, name)
    }

    /// What of it shapes the answer, once it is planned and its body gone.
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

    /// A parameter that no request is without; empty from a peer that is not nginx.
    @_lifetime(borrow self)
    private func required(_ parameter: Parameter) -> Span<UInt8> {
        if let value = self.parameter(parameter) { value } else { Span() }
    }

    @_lifetime(borrow self)
    private func parameter(_ parameter: Parameter) -> Span<UInt8>? {
        self.parameter(parameter.rawValue)
    }

    /// How long ago nginx had the request whole, by `REQUEST_START`.
    ///
    /// - Parameter longest: how long it may have waited for this process, by this process's own clock.
    func timeSinceStart(_ now: UInt64, longest: UInt64) -> UInt64 {
        guard let text = parameter(.start) else { return 0 }
        return RequestStart.age(text, at: now, longest: longest)
    }
}

/// The moment that REQUEST_START names.
enum RequestStart {
    /// What nginx itself may have waited between reading its clock and sending the request, in nanoseconds.
    static let allowance: UInt64 = 100_000_000

    /// The nanoseconds from that moment to now; 0 where that cannot be, since nginx's clock and ours disagree.
    ///
    /// On several hosts clocks may be seconds apart, and a request that has waited for longer than this process was busy
    /// would be refused for a queue that there never was.
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
