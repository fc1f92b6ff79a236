public import Logging
public import TaskAPI

/// All settings of a worker.
public struct Settings {
    /// The settings that determine which tokens are accepted.
    public let identity: IdentitySettings
    /// The settings of the database.
    public let database: DatabaseSettings
    /// The configuration of the API.
    public let api: APIConfiguration
    /// The time limit of a request, in nanoseconds.
    public let requestTimeout: UInt64
    /// The time limit of the drain after SIGTERM, in nanoseconds.
    public let drainTimeout: UInt64
    /// The time from which on a request is logged as slow, in nanoseconds.
    public let slowRequest: UInt64
    /// The maximum number of requests in flight in a worker.
    public let maximumInFlight: Int
    /// The settings of metrics and logs.
    public let observing: ObservingSettings
    /// The lowest level that is logged.
    public let logLevel: Logger.Level

    /// Reads all settings; the reader collects the problems.
    public init(_ reader: inout SettingsReader) {
        identity = IdentitySettings(&reader)
        database = DatabaseSettings(&reader)
        api = APIConfiguration(
            service: Program.name, version: Program.version,
            origins: Self.origins(&reader),
            listShape: reader.choice("TODO_LIST_SHAPE", default: .array, ["array": .array, "object": .object]),
            deleteStatus: reader.choice(
                "TODO_DELETE_STATUS", default: .noContent, ["204": .noContent, "200": .message])
        )
        requestTimeout = reader.seconds("TODO_REQUEST_TIMEOUT", default: 10, in: 0.1...300)
        drainTimeout = reader.seconds("TODO_DRAIN_TIMEOUT", default: 10, in: 0...300)
        slowRequest = reader.seconds("TODO_SLOW_REQUEST", default: 1, in: 0.001...300)
        maximumInFlight = reader.integer("TODO_MAX_IN_FLIGHT", default: 1_024, in: 1...100_000)
        observing = ObservingSettings(&reader)
        if observing.userHash, identity.secret == nil, identity.stateDirectory == nil {
            reader.problem(
                "TODO_USER_HASH needs a key: BETTER_AUTH_SECRET, or one that is generated and kept in TODO_STATE_DIR")
        }
        logLevel = reader.choice(
            "TODO_LOG_LEVEL", default: .info, ["debug": .debug, "info": .info, "warning": .warning, "error": .error])
    }

    /// Reads all settings from the process's environment, or throws all problems.
    public static func load() throws(Failure) -> Settings {
        var reader = SettingsReader()
        let settings = Settings(&reader)
        try reader.check()
        return settings
    }

    /// Reads the first of the names that is set.
    private static func origins(_ reader: inout SettingsReader) -> AllowedOrigins {
        for name in ["CORS_ORIGINS", "ALLOWED_ORIGINS", "FRONTEND_URL"] {
            guard let text = reader.text(name) else { continue }
            do throws(OriginError) {
                return try AllowedOrigins(list: text)
            } catch {
                reader.problem(
                    "\(name) must be origins such as https://app.example.com, separated by commas; number \(error.number) is none (nor is *)"
                )
            }
        }
        return .development
    }
}
