public import Metrics

/// The settings of metrics and logs.
public struct ObservingSettings {
    /// The metrics file that the workers of a pool share; nil for metrics of one worker only.
    public let metricsFile: String?
    /// The address at which the pool's metrics are served.
    public let metricsAddress: LocalAddress?
    /// The format of log lines.
    public let logFormat: LogFormat
    /// Whether answers have the header `Server-Timing` with the time of each phase.
    public let serverTiming: Bool
    /// Whether answers have the header `X-User-Hash`, which nginx logs and removes; its key is `UserHashKey`.
    public let userHash: Bool

    /// Reads the settings; the reader collects the problems.
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

/// The format of log lines.
public enum LogFormat: Sendable {
    /// `key=value`, for people and grep.
    case logfmt
    /// One JSON object per line, for log collectors.
    case json
}
