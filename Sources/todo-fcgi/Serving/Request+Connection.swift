import FastCGI
import TaskAPI

extension Connection {
    /// The running request, borrowed from the connection: the parameters that nginx.conf hands on.
    @_lifetime(borrow self, copy body)
    func request(_ body: borrowing RequestBody) -> Request {
        request(body.bytes, isTooLarge: body.isTooLarge, isIncomplete: body.isIncomplete)
    }

    /// The same with the body that was kept for it.
    @_lifetime(borrow self, borrow guest)
    func request(_ guest: borrowing WaitingRoom.Guest) -> Request {
        request(guest.body.span, isTooLarge: guest.bodyIsTooLarge, isIncomplete: guest.bodyIsIncomplete)
    }

    /// The same once its body is gone, for the answer.
    @_lifetime(borrow self)
    func requestWithoutBody() -> Request {
        request(Span(), isTooLarge: false, isIncomplete: false)
    }

    @_lifetime(borrow self, copy bytes)
    private func request(_ bytes: Span<UInt8>, isTooLarge: Bool, isIncomplete: Bool) -> Request {
        Request(
            method: required("REQUEST_METHOD"),
            target: required("REQUEST_URI"),
            body: bytes,
            bodyIsTooLarge: isTooLarge,
            bodyIsIncomplete: isIncomplete,
            authorization: parameter("HTTP_AUTHORIZATION"),
            contentType: parameter("CONTENT_TYPE"),
            accept: parameter("HTTP_ACCEPT"),
            origin: parameter("HTTP_ORIGIN"),
            requestID: parameter("REQUEST_ID"),
            listShape: parameter("TODO_LIST_SHAPE"),
            deleteStatus: parameter("TODO_DELETE_STATUS"))
    }

    /// A parameter that no request is without; empty from a peer that is not nginx.
    @_lifetime(borrow self)
    private func required(_ name: StaticString) -> Span<UInt8> {
        if let value = parameter(name) { value } else { Span() }
    }

    /// A parameter as text, for the log.
    func text(_ name: StaticString) -> String? {
        guard let bytes = parameter(name) else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Nanoseconds since nginx had the request whole, by REQUEST_START: seconds with three decimals.
    ///
    /// 0 when it does not say, or when the clocks disagree.
    func timeSinceStart(_ now: UInt64) -> UInt64 {
        guard let text = parameter("REQUEST_START"), let start = RequestStart.nanoseconds(text) else { return 0 }
        return now > start ? now - start : 0
    }
}

/// The moment that REQUEST_START names.
enum RequestStart {
    /// Nanoseconds since 1970, from seconds with three decimals; nil from any other text.
    static func nanoseconds(_ text: Span<UInt8>) -> UInt64? {
        var milliseconds: UInt64 = 0
        var decimals = -1
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: "."), decimals < 0, index > 0 {
                decimals = 0
            } else if byte >= 0x30, byte <= 0x39, decimals < 3, milliseconds < 1 << 40 {
                // The bound is far beyond our time, and a tenth of a million times more still fits.
                milliseconds = milliseconds * 10 + UInt64(byte - 0x30)
                if decimals >= 0 { decimals += 1 }
            } else {
                return nil
            }
        }
        return decimals == 3 ? milliseconds * 1_000_000 : nil
    }
}
