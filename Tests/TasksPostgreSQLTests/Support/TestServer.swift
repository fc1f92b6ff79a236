import Glibc
import PostgreSQL

/// The private PostgreSQL that the tests make and drop databases in.
enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "TODO_TEST_DATABASE_URL must name a superuser of a private PostgreSQL (deploy/test starts one)"
    }

    static func admin() throws -> Connection {
        guard let url = getenv("TODO_TEST_DATABASE_URL") else { throw Missing() }
        return try Connection.open(String(cString: url))
    }

    /// Where the server listens.
    static func socket() throws -> (folder: String, port: String) {
        let settings = try admin().execute(
            "select split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')")
        return (
            folder: (settings.text(row: 0, column: 0) ?? "").filter { $0 != "\"" },
            port: settings.text(row: 0, column: 1) ?? ""
        )
    }

    /// A connection string for a database of the server.
    static func url(database: String, user: String? = nil, folder: String? = nil) throws -> String {
        let (real, port) = try socket()
        let name = try user ?? admin().user
        return "host='\(folder ?? real)' port=\(port) user='\(name)' dbname='\(database)'"
    }
}

extension String {
    /// Different each time, in lower-case letters and digits.
    static func random(_ prefix: String = "") -> String {
        prefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
