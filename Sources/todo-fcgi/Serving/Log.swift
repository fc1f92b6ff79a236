import EventLoop
import Glibc
import Logging
import Tasks

/// One line an event in logfmt on stderr, where the journal or a file takes it.
struct LogfmtHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = Timestamp(microsecondsSinceEpoch: Int64(Clock.realTime / 1_000)).components
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var line = "time=\(now.year)-\(padded(now.month, 2))-\(padded(now.day, 2))T"
        line += "\(padded(now.hour, 2)):\(padded(now.minute, 2)):\(padded(now.second, 2))"
        line += ".\(padded(now.microsecond / 1_000, 3))Z level=\(event.level) pid=\(getpid())"
        line += " msg=\(Self.quoted("\(event.message)"))"
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: {
            $0.key < $1.key
        }) {
            line += " \(key)=\(Self.quoted("\(value)"))"
        }
        printError(line)
    }

    /// As it is where it is one plain word, else in quotes, control characters escaped: a line stays a line.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "=" && $0 != "\\"
            }
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value:
                quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
