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
}
