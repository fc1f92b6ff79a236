import Base
import Glibc
import JSON
import Logging
import Settings

/// Writes one line per event to stderr, for the journal or a file.
struct LineHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let format: LogFormat

    init(_ format: LogFormat, logLevel: Logger.Level) {
        self.format = format
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = UTC.text(microseconds: Int64(Clock.realTime / 1_000), withMilliseconds: true)
        var fields: [LogField] = [
            LogField(key: "time", text: now), LogField(key: "level", text: "\(event.level)"),
            LogField(key: "pid", text: "\(getpid())", isNumber: true), LogField(key: "msg", text: "\(event.message)"),
        ]
        let details = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        fields += details.sorted { $0.key < $1.key }.map { LogField($0.key, $0.value) }
        printError(format.line(fields))
    }
}

/// A key and its value.
struct LogField {
    let key: String
    let text: String
    var isNumber = false
}

extension LogField {
    /// Keeps integers and `Milliseconds` as numbers in formats that have numbers.
    init(_ key: String, _ value: Logger.Metadata.Value) {
        var isNumber = false
        if case .stringConvertible(let number) = value { isNumber = number is Int || number is Milliseconds }
        self.init(key: key, text: "\(value)", isNumber: isNumber)
    }
}

/// A time in a log line: milliseconds with three decimals.
struct Milliseconds: CustomStringConvertible, Sendable {
    let nanoseconds: UInt64

    init(_ nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    var description: String {
        let (whole, rest) = (nanoseconds / 1_000).quotientAndRemainder(dividingBy: 1_000)
        return "\(whole).\(String(rest, minimumDigits: 3))"
    }
}

extension LogFormat {
    /// Formats the fields of an event as one line.
    func line(_ fields: [LogField]) -> String {
        switch self {
        case .logfmt:
            return fields.map { "\($0.key)=\(Self.quoted($0.text))" }.joined(separator: " ")
        case .json:
            var writer = ByteWriter(capacity: 512)
            for (index, field) in fields.enumerated() {
                writer.append(UInt8(ascii: index == 0 ? "{" : ","))
                writer.appendJSONString(field.key)
                writer.append(UInt8(ascii: ":"))
                if field.isNumber { writer.append(field.text) } else { writer.appendJSONString(field.text) }
            }
            writer.append(UInt8(ascii: "}"))
            return String(copying: writer.bytes)
        }
    }

    /// One plain word unchanged; any other text in quotes with control characters escaped, so that it stays one line.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "=" && $0 != "\\"
            }
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5c: quoted += "\\\(scalar)"
            case 0x0a: quoted += "\\n"
            // Including the characters that some readers treat as line breaks.
            case ..<0x20, 0x7f..<0xa0, 0x2028, 0x2029:
                quoted += "\\u" + String(scalar.value, minimumDigits: 4, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
