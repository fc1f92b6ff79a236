public import PostgreSQL

/// How the connections of a store are.
extension PostgreSQLTaskStore {
    /// The connections for reads, each by how far it is.
    public var readConnections: [ConnectionPhase] { reads?.phases ?? [] }

    /// The connections for writes, each by how far it is.
    public var writeConnections: [ConnectionPhase] { writes?.phases ?? [] }

    /// How often a connection was made again after the first time.
    public var reconnectCount: Int { (reads?.reconnectCount ?? 0) + (writes?.reconnectCount ?? 0) }
}

extension PostgreSQLTaskStore.Trouble {
    init(_ error: PostgreSQLError) {
        self =
            switch error.sqlState?.code {
            case "42P01", "3F000", "42501", "TODO0": .schemaUnusable
            case "28000", "28P01", "3D000": .loginRefused
            default: .unreachable
            }
    }
}
