import Base
import JSON
import Testing

/// A parsed CGI response.
struct Reply {
    var status = 0
    var statusLine = ""
    var headers: [(name: String, value: String)] = []
    var body = ""

    init(_ writer: borrowing ByteWriter) {
        var all: [UInt8] = []
        let bytes = writer.bytes
        for index in bytes.indices { all.append(bytes[index]) }
        let text = String(decoding: all, as: UTF8.self)
        guard let blank = text.firstRange(of: "\r\n\r\n") else {
            Issue.record("an answer without the end of its head: \(text)")
            return
        }
        body = String(text[blank.upperBound...])
        for line in text[..<blank.lowerBound].split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else {
                Issue.record("a header line without a colon: \(line)")
                continue
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers.append((String(line[..<colon]), String(value)))
        }
        statusLine = headers.first?.value ?? ""
        if headers.first?.name == "Status" { status = Int(statusLine.prefix(3)) ?? 0 }
    }

    /// A header's value; nil where it is absent; a test failure where it occurs twice.
    subscript(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }
        #expect(values.count < 2, "\(name) occurs more than once")
        return values.first?.value
    }

    var json: Value { Value(body) }

    /// A JSON value, in the order it was written.
    enum Value: Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
        ExpressibleByArrayLiteral
    {
        case object([String], [Value])
        case array([Value])
        case string(String)
        case number(Int64)
        case boolean(Bool)
        case null
        case absent

        init(stringLiteral value: String) { self = .string(value) }
        init(integerLiteral value: Int64) { self = .number(value) }
        init(booleanLiteral value: Bool) { self = .boolean(value) }
        init(arrayLiteral elements: Value...) { self = .array(elements) }

        init(_ text: String) {
            let bytes = Array(text.utf8)
            var reader = JSONReader(bytes.span)
            do {
                self = try Self(&reader)
                try reader.finish()
            } catch {
                Issue.record("not JSON: \(text): \(error)")
                self = .absent
            }
        }

        private init(_ reader: inout JSONReader) throws(JSONError) {
            if try reader.beginObject() {
                var (names, values): ([String], [Value]) = ([], [])
                while let name = try reader.nextMember() {
                    names.append(String(name))
                    values.append(try Value(&reader))
                }
                self = .object(names, values)
            } else if try reader.beginArray() {
                var values: [Value] = []
                while try reader.nextElement() { values.append(try Value(&reader)) }
                self = .array(values)
            } else if let text = try reader.readString() {
                self = .string(text)
            } else if let value = try reader.readBoolean() {
                self = .boolean(value)
            } else if let number = try reader.readNumber() {
                self = number.integer.map { .number($0) } ?? .absent
            } else {
                self = try reader.readNull() ? .null : .absent
            }
        }

        subscript(_ name: String) -> Value {
            guard case .object(let names, let values) = self, let index = names.lastIndex(of: name) else {
                return .absent
            }
            return values[index]
        }

        var elements: [Value] { if case .array(let values) = self { values } else { [] } }
        var names: [String] { if case .object(let names, _) = self { names } else { [] } }
        var text: String? { if case .string(let text) = self { text } else { nil } }
    }
}
