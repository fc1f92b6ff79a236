public import PostgreSQL
internal import Tasks

/// The state of a store's connections.
extension PostgreSQLTaskStore {
    /// Whether the database was usable for reads and for writes when it was last needed.
    ///
    /// Known without a query. False before the first connection.
    public var isReachable: Bool { trouble == nil }

    /// Why the database cannot be used; nil when it was usable when it was last needed.
    public var trouble: Trouble? {
        pages?.trouble ?? writes?.trouble ?? (pools.contains(where: \.hasConnected) ? nil : .unreachable)
    }

    /// The phases of the connections for single tasks and pages.
    public var readConnections: [ConnectionPhase] { phases(pages) }

    /// The phases of the connections for heavy reads; asleep until the first is needed.
    public var heavyReadConnections: [ConnectionPhase] { phases(heavyReads) }

    /// The phases of the connections for writes.
    public var writeConnections: [ConnectionPhase] { phases(writes) }

    /// The number of reconnects.
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
    /// What a statement's error means for the operation.
    ///
    /// The transaction is rolled back in every case.
    init(_ error: PostgreSQLError) {
        self =
            switch error.family {
            case .notNow, .conflict: .unavailable
            case .readOnly: .readOnly
            case .statement, .duplicateStatement, .unknownStatement: .refused(sqlState: error.sqlState?.code ?? "")
            }
    }
}
