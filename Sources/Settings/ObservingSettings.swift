public import Metrics

/// What a worker tells of itself, and to whom.
public struct ObservingSettings {
    /// The file that the workers of a pool share; nil for a worker that counts for itself.
    public let metricsFile: String?
    /// Where the pool's numbers can be asked for.
    public let metricsAddress: LocalAddress?
    /// How events are written.
    public let logFormat: LogFormat
    /// Whether answers say in `Server-Timing` where their time went.
    public let serverTiming: Bool
    /// Whether answers say in `X-User-Hash` whose they are, for nginx to log and not to pass on; its key is
    /// `UserHashKey`.
    public let userHash: Bool

    /// Reads them; what is wrong stays with the reader.
    public init(_ reader: inout SettingsReader) {
        metricsFile = reader.text("TODO_METRICS_FILE")
        if let metricsFile, !metricsFile.hasPrefix("/") {
            reader.problem("TODO_METRICS_FILE must be a path that begins with /")
        }
        metricsAddress = Self.address(&reader)
        logFormat = reader.choice("TODO_LOG_FORMAT", default: .logfmt, ["logfmt": .logfmt, "json": .json])
        serverTiming = reader.choice("TODO_SERVER_TIMING", default: false, ["on": true, "off": false])
        userHash = reader.choice("TODO_USER_HASH", default: false, ["on": true, "off": false])
    }

    private static func address(_ reader: inout SettingsReader) -> LocalAddress? {
        guard let text = reader.text("TODO_METRICS_LISTEN") else { return nil }
        do throws(LocalAddress.Problem) {
            return try LocalAddress(text)
        } catch {
            reader.problem("TODO_METRICS_LISTEN \(error)")
            return nil
        }
    }
}

/// How an event is written.
public enum LogFormat: Sendable {
    /// `key=value`, for people and grep.
    case logfmt
    /// One object a line, for those who collect logs.
    case json
}
