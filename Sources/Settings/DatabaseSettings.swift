public import PostgreSQL
public import TasksPostgreSQL

/// Where the database is.
public struct DatabaseSettings {
    /// For workers.
    public let url: String
    /// For `migrate`; the same as `url` where there is only one role.
    public let migrationURL: String
    /// How many connections of a worker read.
    public let readConnections: Int
    /// How many connections of a worker are for heavy reads.
    public let heavyReadConnections: Int
    /// How many connections of a worker write.
    public let writeConnections: Int

    /// Reads them; what is wrong stays with the reader.
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

    /// The same as the store wants it.
    public var store: PostgreSQLTaskStore.Configuration {
        var store = PostgreSQLTaskStore.Configuration(url: url)
        store.readConnections = readConnections
        store.heavyReadConnections = heavyReadConnections
        store.writeConnections = writeConnections
        return store
    }

    /// The role of `url` where `migrationURL` names another; nil where they are one.
    public func runtimeRole() throws(PostgreSQLError) -> String? {
        guard migrationURL != url else { return nil }
        let runtime = try ConnectionString.user(of: url)
        let owner = try ConnectionString.user(of: migrationURL)
        return runtime == owner ? nil : runtime
    }

    /// A URL as libpq takes it.
    ///
    /// SQLAlchemy's names the Python driver in its scheme, and asyncpg's names TLS otherwise.
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
    /// Where a text occurs first.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        ranges(of: text).first
    }
}
