/// One attempt to connect to each server of a database, in turn, and their failures.
struct ConnectRound {
    private var remaining: ArraySlice<Endpoint>
    private var failures: [PostgreSQLError] = []
    /// Whether there is more than one server.
    let hasChoice: Bool

    /// Begins with the server after the one tried last, so that an unreachable one is not always the first.
    ///
    /// - Parameter prefersStandby: whether all servers are tried as a standby before any kind is accepted.
    init(_ endpoints: [Endpoint], prefersStandby: Bool, after last: Endpoint?) {
        let first = endpoints.firstIndex { $0.isSameServer(as: last) }.map { $0 + 1 } ?? 0
        var order = Array(endpoints[first...] + endpoints[..<first])
        if prefersStandby {
            order =
                ["standby", "any"].flatMap { attributes in
                    order.map { endpoint in
                        var endpoint = endpoint
                        endpoint.sessionAttributes = attributes
                        return endpoint
                    }
                }
        }
        remaining = order[...]
        hasChoice = endpoints.count > 1
    }

    /// The next server to try; nil when all were tried.
    mutating func next() -> Endpoint? {
        remaining.popFirst()
    }

    /// Records why the last attempt failed.
    mutating func failed(_ error: PostgreSQLError) {
        failures.append(error)
    }

    /// The error of a round in which no connection was made: preferably a server's, else libpq's.
    var error: PostgreSQLError {
        failures.last { $0.sqlState != nil } ?? failures.last
            ?? PostgreSQLError(sqlState: nil, message: "no server to connect to")
    }

    /// Whether every server refused the login, which only an operator can correct.
    var isLoginRefused: Bool {
        !failures.isEmpty && failures.allSatisfy(\.isLoginRefused)
    }
}

extension Endpoint {
    /// Whether host, address and port are the same; the session attributes may differ.
    func isSameServer(as other: Endpoint?) -> Bool {
        other.map { host == $0.host && address == $0.address && port == $0.port } ?? false
    }
}

extension PostgreSQLError {
    /// Whether it says that the role, its password or its database is wrong.
    var isLoginRefused: Bool {
        guard let code = sqlState?.code else { return false }
        return code.hasPrefix("28") || code == "3D000" || code == "42501"
    }
}
