public import PostgreSQL
internal import Tasks

/// How the connections of a store are.
extension PostgreSQLTaskStore {
    /// Whether the database could be used for reads and for writes when it was last needed.
    ///
    /// Nothing is asked of it to know this. False before the first connection.
    public var isReachable: Bool { trouble == nil }

    /// Why the database cannot be used; nil when it could be when it was last needed.
    public var trouble: Trouble? {
        pages?.trouble ?? writes?.trouble ?? (pools.contains(where: \.hasConnected) ? nil : .unreachable)
    }

    /// The connections for single tasks and pages, each by how far it is.
    public var readConnections: [ConnectionPhase] { phases(pages) }

    /// The connections for heavy reads, each by how far it is; asleep until the first is needed.
    public var heavyReadConnections: [ConnectionPhase] { phases(heavyReads) }

    /// The connections for writes, each by how far it is.
    public var writeConnections: [ConnectionPhase] { phases(writes) }

    /// How often a connection was made again after the first time.
    public var reconnectCount: Int {
        pools.flatMap(\.lanes).reduce(0) { $0 + max($1.pipeline.connectCount - 1, 0) }
    }

    private func phases(_ pool: LanePool?) -> [ConnectionPhase] { pool?.lanes.map(\.pipeline.phase) ?? [] }
}

extension PostgreSQLTaskStore.Trouble {
    init(_ error: PostgreSQLError) {
        self =
            switch error.sqlState?.code {
            case "42P01", "3F000", "42501", "TODO0": .schemaUnusable
            case "28000", "28P01", "3D000": .loginRefused
            case "25006": .readOnly
            default: .unreachable
            }
    }
}

extension TaskFailure {
    /// What a statement's error means to the asker.
    ///
    /// The transaction is undone, whichever it is.
    init(_ error: PostgreSQLError) {
        self =
            switch error.family {
            case .notNow, .conflict: .unavailable
            case .readOnly: .readOnly
            case .statement, .duplicateStatement, .unknownStatement: .refused(sqlState: error.sqlState?.code ?? "")
            }
    }
}
