/// One attempt to connect to each server of a database, one after the other, and what came of them.
struct ConnectRound {
    private var remaining: ArraySlice<Endpoint>
    private var failures: [PostgreSQLError] = []
    /// Whether there is another server to turn to.
    let hasChoice: Bool

    /// Begins with the server that follows the one tried last, so that a bad one is not always the first.
    ///
    /// - Parameter prefersStandby: whether all are asked for a standby before any server will do.
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

    /// Notes why the last attempt failed.
    mutating func failed(_ error: PostgreSQLError) {
        failures.append(error)
    }

    /// The error of a round in which no connection was made: a server's rather than libpq's.
    var error: PostgreSQLError {
        failures.last { $0.sqlState != nil } ?? failures.last
            ?? PostgreSQLError(sqlState: nil, message: "no server to connect to")
    }

    /// Whether every server refused the login, which takes an operator to mend.
    var isLoginRefused: Bool {
        !failures.isEmpty && failures.allSatisfy(\.isLoginRefused)
    }
}

extension Endpoint {
    /// Whether both are the same place, whatever the session there has to be.
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
