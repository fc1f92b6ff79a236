import Testing

@testable import PostgreSQL

/// The servers to try, their order, and the reported error, without a server.
@Suite struct EndpointTests {
    @Test(
        "Hosts, addresses and ports of a URL are combined as in libpq",
        arguments: [
            (nil, nil, nil, [Endpoint()]), (nil, nil, "1", [Endpoint(port: "1")]),
            ("a", nil, "1", [Endpoint(host: "a", port: "1")]),
            ("a,b", nil, "1", [Endpoint(host: "a", port: "1"), Endpoint(host: "b", port: "1")]),
            ("a,b", nil, ",2", [Endpoint(host: "a"), Endpoint(host: "b", port: "2")]),
            (",b", nil, nil, [Endpoint(), Endpoint(host: "b")]),
            (nil, "1.2.3.4,", "1", [Endpoint(address: "1.2.3.4", port: "1"), Endpoint(port: "1")]),
            ("a,b", ",::1", "1,2", [Endpoint(host: "a", port: "1"), Endpoint(host: "b", address: "::1", port: "2")]),
            ("a,b", nil, "1,2,3", []), ("a,b", "::1", "1", []), ("a", "::1,::2", "1", []), ("a", nil, "1,2", []),
        ] as [(String?, String?, String?, [Endpoint])])
    func list(hosts: String?, addresses: String?, ports: String?, expected: [Endpoint]) {
        #expect(Endpoint.list(hosts: hosts, addresses: addresses, ports: ports) == expected)
    }

    @Test(
        "Only a name has to be looked up",
        arguments: [
            (nil, false), ("db", true), ("db.example.com", true), ("localhost", true), ("127.1", true), ("/run", false),
            ("@abstract", false), ("127.0.0.1", false), ("::1", false), ("fe80::1%eth0", false), ("1.2.3.4.5", true),
        ] as [(String?, Bool)])
    func name(host: String?, isName: Bool) {
        #expect(Endpoint(host: host).nameToLookUp == (isName ? host : nil))
        #expect(Endpoint(host: host, address: "::1").nameToLookUp == nil)
    }

    private static let three = ["a", "b", "c"].map { Endpoint(host: $0, port: "1") }

    @Test(
        "A round begins after the server that was tried last, and tries each once",
        arguments: [(nil, "abc"), ("a", "bca"), ("b", "cab"), ("c", "abc"), ("gone", "abc")] as [(String?, String)])
    func round(last: String?, order: String) {
        var round = ConnectRound(
            Self.three, prefersStandby: false, after: last.map { Endpoint(host: $0, port: "1") })
        var tried = ""
        while let next = round.next() { tried += next.host ?? "" }
        #expect(tried == order && round.hasChoice)
        #expect(!ConnectRound([Endpoint()], prefersStandby: true, after: nil).hasChoice)
    }

    @Test("With prefer-standby, all servers are tried as a standby before any kind is accepted")
    func preferStandby() {
        var round = ConnectRound(
            Self.three, prefersStandby: true, after: Endpoint(host: "a", port: "1", sessionAttributes: "any"))
        var tried: [String] = []
        while let next = round.next() { tried.append("\(next.host ?? "") \(next.sessionAttributes ?? "")") }
        #expect(tried == ["b standby", "c standby", "a standby", "b any", "c any", "a any"])
    }

    private static func error(_ code: String?) -> PostgreSQLError {
        PostgreSQLError(sqlState: code.map(SQLState.init), message: code ?? "silent")
    }

    @Test(
        "A round reports a server's error first, and is retried slowly only if all refuse the login",
        arguments: [
            ([nil], nil, false), (["28P01"], "28P01", true), (["28000", "3D000", "42501"], "42501", true),
            (["28P01", nil], "28P01", false), (["53300"], "53300", false), (["57P03", "28P01"], "28P01", false),
            ([], nil, false),
        ] as [([String?], String?, Bool)])
    func outcome(codes: [String?], told: String?, isLoginRefused: Bool) {
        var round = ConnectRound(Self.three, prefersStandby: false, after: nil)
        for code in codes { round.failed(Self.error(code)) }
        #expect(round.error.sqlState?.code == told && round.isLoginRefused == isLoginRefused)
    }

    @Test("Addresses are kept after failures, and replaced by new ones")
    func addressCache() {
        let hosts = [Endpoint(host: "a", port: "1"), Endpoint(host: "/run"), Endpoint(host: "b", port: "2")]
        var book = AddressCache()
        #expect(book.resolve(hosts) == [hosts[1]])
        book.record(.addresses(["1.1.1.1", "::1"]), for: "a")
        book.record(.failed("no"), for: "b")
        book.record(.failed("no"), for: "a")
        #expect(
            book.resolve(hosts) == [
                Endpoint(host: "a", address: "1.1.1.1", port: "1"), Endpoint(host: "a", address: "::1", port: "1"),
                hosts[1],
            ])
        book.record(.addresses(["2.2.2.2"]), for: "a")
        #expect(book.resolve([hosts[0]]) == [Endpoint(host: "a", address: "2.2.2.2", port: "1")])
        #expect(book.failure(of: hosts).message == "the host name \"b\" could not be looked up: no")
    }
}
