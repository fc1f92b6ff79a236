public import Logging
public import TaskAPI

/// All that a worker is told.
public struct Settings {
    /// Whose tokens count.
    public let identity: IdentitySettings
    /// Where the database is.
    public let database: DatabaseSettings
    /// What the API is told.
    public let api: APIConfiguration
    /// In nanoseconds: when a request is given up.
    public let requestTimeout: UInt64
    /// In nanoseconds: how long a worker serves on after SIGTERM at most.
    public let drainTimeout: UInt64
    /// In nanoseconds: from when on a request is logged as slow.
    public let slowRequest: UInt64
    /// How many requests a worker takes on at once.
    public let maximumInFlight: Int
    /// What a worker tells of itself.
    public let observing: ObservingSettings
    /// From which level on events are logged.
    public let logLevel: Logger.Level

    /// Reads everything; what is wrong stays with the reader.
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
                "TODO_USER_HASH needs a key: BETTER_AUTH_SECRET, or TODO_STATE_DIR, where one is made and kept")
        }
        logLevel = reader.choice(
            "TODO_LOG_LEVEL", default: .info, ["debug": .debug, "info": .info, "warning": .warning, "error": .error])
    }

    /// Reads everything from the process's environment, or throws all that is wrong with it.
    public static func load() throws(Failure) -> Settings {
        var reader = SettingsReader()
        let settings = Settings(&reader)
        try reader.check()
        return settings
    }

    /// The first of the names that is set.
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
