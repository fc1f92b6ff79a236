import Glibc
import PostgreSQL

/// The private PostgreSQL of the tests.
enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "TODO_TEST_DATABASE_URL must name a superuser of a private PostgreSQL (deploy/test starts one)"
    }

    static func url() throws -> String {
        guard let url = getenv("TODO_TEST_DATABASE_URL") else { throw Missing() }
        return String(cString: url)
    }

    static func connect() throws -> Connection { try Connection.open(url()) }

    /// The unix socket that the server listens on, for any host in the URL.
    static func socketPath() throws -> String {
        let path = try connect().execute(
            """
            select split_part(current_setting('unix_socket_directories'), ',', 1) || '/.s.PGSQL.'
                || current_setting('port')
            """)
        return (path.text(row: 0, column: 0) ?? "").filter { $0 != "\"" }
    }
}
