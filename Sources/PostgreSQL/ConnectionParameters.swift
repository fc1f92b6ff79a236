/// The options for libpq: the URL's, and defaults where the URL, its service and the environment have none.
struct ConnectionParameters {
    /// The values by keyword; none is empty, since libpq ignores empty values.
    private(set) var values: [String: String]
    /// The hosts, in the order of the URL.
    let endpoints: [Endpoint]
    /// Whether a standby is preferred to other servers.
    let prefersStandby: Bool

    /// The corresponding C function is `PQconninfoParse`.
    init(_ url: String, applicationName: String) throws(PostgreSQLError) {
        let own = try ConnectionString.options(of: url).filter { !$0.value.isEmpty }
        let effective = try ConnectionString.effectiveOptions(of: own)
        values = own
        for (keyword, value) in Self.defaults where effective[keyword] == nil { values[keyword] = value }
        // With GSSAPI libpq blocks on the ticket server, and buffers decrypted bytes that epoll does not report.
        if own["gssencmode"] == nil, effective["gssencmode"] == "prefer" { values["gssencmode"] = "disable" }
        values["fallback_application_name"] = own["fallback_application_name"] ?? applicationName
        values["client_encoding"] = "UTF8"
        endpoints = Endpoint.list(
            hosts: effective["host"], addresses: effective["hostaddr"], ports: effective["port"])
        guard !endpoints.isEmpty else {
            throw PostgreSQLError(sqlState: nil, message: "the URL's hosts, ports and addresses differ in number")
        }
        prefersStandby = effective["target_session_attrs"] == "prefer-standby"
    }

    /// A connection that died silently fails within five seconds: an idle one by unanswered keepalive probes, one with
    /// data in flight by `tcp_user_timeout`.
    private static let defaults = [
        "connect_timeout": "10", "keepalives_idle": "2", "keepalives_interval": "1", "keepalives_count": "2",
        "tcp_user_timeout": "4000",
    ]

    /// The options for one server of the URL.
    func connecting(to endpoint: Endpoint) -> ConnectionParameters {
        var parameters = self
        parameters.values["host"] = endpoint.host
        parameters.values["hostaddr"] = endpoint.address
        parameters.values["port"] = endpoint.port
        if let attributes = endpoint.sessionAttributes { parameters.values["target_session_attrs"] = attributes }
        return parameters
    }
}
