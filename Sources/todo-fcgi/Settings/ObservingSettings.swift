import Metrics

/// What a worker tells of itself, and to whom.
struct ObservingSettings {
    /// The file that the workers of a pool share; nil for a worker that counts for itself.
    let metricsFile: String?
    /// Where the pool's numbers can be asked for.
    let metricsAddress: LocalAddress?
    let logFormat: LogFormat
    /// Whether answers say in `Server-Timing` where their time went.
    let serverTiming: Bool
    /// Whether answers say in `X-User-Hash` whose they are, for nginx to log and not to pass on; its key is `UserHashKey`.
    let userHash: Bool

    init(_ reader: inout SettingsReader) {
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
