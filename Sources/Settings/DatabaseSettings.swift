public import PostgreSQL
public import TasksPostgreSQL

/// The settings of the database.
public struct DatabaseSettings {
    /// The URL for workers.
    public let url: String
    /// The URL for `migrate`; the same as `url` where there is only one role.
    public let migrationURL: String
    /// How many connections a worker has for reads.
    public let readConnections: Int
    /// How many connections a worker has for heavy reads.
    public let heavyReadConnections: Int
    /// How many connections a worker has for writes.
    public let writeConnections: Int

    /// Reads the settings; the reader collects the problems.
    public init(_ reader: inout SettingsReader) {
        let known = reader.problems.count
        url = reader.textOrFile("DATABASE_URL").map(Self.libpqURL) ?? ""
        if url.isEmpty, reader.problems.count == known {
            reader.problem("DATABASE_URL is not set: postgresql://user:password@host/database")
        }
        migrationURL = reader.textOrFile("DATABASE_MIGRATION_URL").map(Self.libpqURL) ?? url
        readConnections = reader.integer("TODO_READ_CONNECTIONS", default: 2, in: 1...32)
        heavyReadConnections = reader.integer("TODO_HEAVY_READ_CONNECTIONS", default: 2, in: 1...32)
        writeConnections = reader.integer("TODO_WRITE_CONNECTIONS", default: 4, in: 1...32)
    }

    /// The store's configuration.
    public var store: PostgreSQLTaskStore.Configuration {
        var store = PostgreSQLTaskStore.Configuration(url: url)
        store.readConnections = readConnections
        store.heavyReadConnections = heavyReadConnections
        store.writeConnections = writeConnections
        return store
    }

    /// The role of `url` where it differs from that of `migrationURL`; else nil.
    public func runtimeRole() throws(PostgreSQLError) -> String? {
        guard migrationURL != url else { return nil }
        let runtime = try ConnectionString.user(of: url)
        let owner = try ConnectionString.user(of: migrationURL)
        return runtime == owner ? nil : runtime
    }

    /// Converts a URL to libpq's form.
    ///
    /// SQLAlchemy's URLs name the Python driver in the scheme, and asyncpg's parameter for TLS is `ssl`.
    public static func libpqURL(_ url: String) -> String {
        guard let colon = url.range(of: "://") else { return url }
        let scheme = url[..<colon.lowerBound]
        guard let plus = scheme.firstIndex(of: "+"), ["postgresql", "postgres"].contains(scheme[..<plus]) else {
            return url
        }
        var rest = String(url[colon.lowerBound...])
        for mark in ["?", "&"] {
            if let range = rest.range(of: mark + "ssl=") { rest.replaceSubrange(range, with: mark + "sslmode=") }
        }
        return scheme[..<plus] + rest
    }
}

extension String {
    /// The first occurrence of a text.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        ranges(of: text).first
    }
}
