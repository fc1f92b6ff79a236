import Testing

@testable import PostgreSQL

/// The options for libpq, and the errors about invalid ones.
@Suite struct ConnectionParametersTests {
    @Test(
        "Defaults detect a dead connection within seconds, unless the URL has its own values",
        arguments: [
            ("", "keepalives_idle", "2"), ("", "keepalives_interval", "1"), ("", "keepalives_count", "2"),
            ("", "tcp_user_timeout", "4000"), ("keepalives_idle=60", "keepalives_idle", "60"),
            ("tcp_user_timeout=0", "tcp_user_timeout", "0"), ("keepalives=0", "keepalives", "0"),
            ("", "connect_timeout", "10"), ("connect_timeout=3", "connect_timeout", "3"),
            ("", "gssencmode", "disable"), ("gssencmode=prefer", "gssencmode", "prefer"),
            ("", "client_encoding", "UTF8"), ("client_encoding=LATIN1", "client_encoding", "UTF8"),
            ("", "fallback_application_name", "test"), ("application_name=a", "application_name", "a"),
            ("options=''", "options", nil), ("sslmode=verify-full", "sslmode", "verify-full"), ("", "sslmode", nil),
        ] as [(String, String, String?)])
    func defaults(url: String, keyword: String, value: String?) throws {
        let parameters = try ConnectionParameters(url, applicationName: "test")
        #expect(parameters.values[keyword] == value)
    }

    @Test("One host of several is set with its address and port, and other options are unchanged")
    func oneHost() throws {
        let url = "postgresql://u:p%40@a:1,b:2/db?hostaddr=1.1.1.1,2.2.2.2&target_session_attrs=read-write"
        let parameters = try ConnectionParameters(url, applicationName: "test")
        #expect(parameters.endpoints.count == 2 && !parameters.prefersStandby)
        let second = parameters.connecting(to: parameters.endpoints[1]).values
        #expect(second["host"] == "b" && second["hostaddr"] == "2.2.2.2" && second["port"] == "2")
        #expect(second["password"] == "p@" && second["target_session_attrs"] == "read-write")
        let folder = parameters.connecting(to: Endpoint(host: "/run", sessionAttributes: "any")).values
        #expect(folder["host"] == "/run" && folder["hostaddr"] == nil && folder["target_session_attrs"] == "any")
        #expect(try ConnectionParameters("target_session_attrs=prefer-standby", applicationName: "").prefersStandby)
    }

    @Test(
        "The error about an invalid URL has the kind of fault, and no part of the URL",
        arguments: [
            "postgresql://u:100%SECRET@h/d", "postgresql://u:p@h/d?SECRET", "postgresql://u:p@h/d?SECRET=1",
            "postgresql://u:p@h/d?a=SECRET=b", "postgresql://[SECRET", "SECRET", "nonsense=SECRET", "password='SECRET",
            "postgresql://u:p@h:1,b:2,c/d?hostaddr=SECRET", "service=SECRET", "postgresql://u:%00SECRET@h/d",
            "password=\"SECRET\n nonsense=\"SECRET\n", "sslmode=SECRET", "keepalives=SECRET host=127.0.0.1",
            "target_session_attrs=SECRET", "channel_binding=SECRET",
        ])
    func secrets(url: String) throws {
        let error = #expect(throws: PostgreSQLError.self) { _ = try Connection.open(url) }
        #expect(
            error?.message.contains("SECRET") == false && error?.message.isEmpty == false, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test(
        "The SQLSTATE of a failed login is parsed from libpq's message",
        arguments: [
            (
                "connection to server at \"db\" (::1), port 1 failed: FATAL:  53300: sorry, too many clients already\nLOCATION:  x\n",
                "53300", "connection to server at \"db\" (::1), port 1 failed: FATAL:  sorry, too many clients already"
            ),
            (
                "connection to server on socket \"/run\" failed: FATALE:  28P01: password errata: no\n", "28P01",
                "connection to server on socket \"/run\" failed: FATALE:  password errata: no"
            ),
            (
                "connection to server at \"db\", port 1 failed: Connection refused\n\tIs the server running", nil,
                "connection to server at \"db\", port 1 failed: Connection refused"
            ),
            (
                "connection to server at \"db\", port 1 failed: invalid port number: \"x\"\n", nil,
                "invalid port number: …"
            ), ("FATAL:  sorry: 53300: no", nil, "FATAL:  sorry: 53300: no"), ("", nil, ""),
        ] as [(String, String?, String)])
    func openingMessage(text: String, code: String?, message: String) {
        let error = PostgreSQLError(openingMessage: text)
        #expect(error.sqlState?.code == code && error.message == message)
        #expect(error.severity == (code == nil ? nil : .fatal))
    }
}
