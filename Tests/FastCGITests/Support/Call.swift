/// A request as a web server sends it: records of FastCGI 1.0, sections 3.3 and 5.
struct Call {
    var parameters: [(name: String, value: String)]
    var body: [UInt8] = []
    var isKept = true
    var role: UInt16 = 1
    var id: UInt16 = 1
    /// The most bytes that one record of the body carries.
    var recordSize = 32_768

    init(_ method: String = "GET", _ target: String = "/", body: [UInt8] = []) {
        self.body = body
        parameters = [("REQUEST_METHOD", method), ("REQUEST_URI", target)]
        if !body.isEmpty { announce(String(body.count)) }
    }

    /// Sets a CONTENT_LENGTH, which need not be true.
    mutating func announce(_ length: String) {
        parameters.removeAll { $0.name == "CONTENT_LENGTH" }
        parameters.append(("CONTENT_LENGTH", length))
    }

    /// A call with a body and a CONTENT_LENGTH of its own.
    static func announcing(_ length: String, body: [UInt8]) -> Call {
        var call = Call("POST", "/", body: body)
        call.announce(length)
        return call
    }

    /// The same on a connection that is not kept.
    var last: Call {
        var call = self
        call.isKept = false
        return call
    }

    /// BEGIN_REQUEST and the parameters with their end.
    var head: [UInt8] {
        let pairs = parameters.flatMap { Record.pair($0.name, $0.value) }
        return Record.begin(role: role, isKept: isKept, id: id)
            + Record.make(.parameters, pairs, id: id, padding: 3) + Record.make(.parameters, [], id: id)
    }

    /// The body without its end.
    var content: [UInt8] {
        var bytes: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            bytes += Record.make(.input, Array(rest.prefix(recordSize)), id: id)
            rest = rest.dropFirst(recordSize)
        }
        return bytes
    }

    /// The record that ends the body.
    var end: [UInt8] { Record.make(.input, [], id: id) }

    var bytes: [UInt8] { head + content + end }
}

/// One record as bytes.
enum Record {
    enum Kind: UInt8 {
        case begin = 1
        case abort = 2
        case end = 3
        case parameters = 4
        case input = 5
        case output = 6
        case errors = 7
        case data = 8
        case getValues = 9
        case getValuesResult = 10
        case unknown = 11
    }

    static func make(_ kind: Kind, _ content: [UInt8], id: UInt16 = 1, padding: UInt8 = 0) -> [UInt8] {
        make(kind.rawValue, content, id: id, padding: padding)
    }

    static func make(_ kind: UInt8, _ content: [UInt8], id: UInt16 = 1, padding: UInt8 = 0) -> [UInt8] {
        let length = UInt16(content.count)
        return [
            1, kind, UInt8(id >> 8), UInt8(id & 0xFF), UInt8(length >> 8), UInt8(length & 0xFF), padding, 0,
        ] + content + [UInt8](repeating: 0xEE, count: Int(padding))
    }

    static func begin(role: UInt16 = 1, isKept: Bool = true, id: UInt16 = 1) -> [UInt8] {
        make(.begin, [UInt8(role >> 8), UInt8(role & 0xFF), isKept ? 1 : 0, 0, 0, 0, 0, 0], id: id)
    }

    /// A name and a value with their lengths: one byte each up to 127, else four.
    static func pair(_ name: String, _ value: String) -> [UInt8] {
        func length(_ count: Int) -> [UInt8] {
            count < 128
                ? [UInt8(count)]
                : [UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        }
        return length(name.utf8.count) + length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
    }
}
