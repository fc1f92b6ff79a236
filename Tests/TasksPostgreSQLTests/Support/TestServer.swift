import Glibc
import PostgreSQL

/// The private PostgreSQL in which the tests create and drop databases.
enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "TODO_TEST_DATABASE_URL must name a superuser of a private PostgreSQL (deploy/test starts one)"
    }

    static func admin() throws -> Connection { try Connection.open(url()) }

    private static func url() throws -> String {
        guard let url = getenv("TODO_TEST_DATABASE_URL") else { throw Missing() }
        return String(cString: url)
    }

    /// The server's unix socket, without TLS.
    static func socket() throws -> (folder: String, port: String) {
        let settings = try admin().execute(
            "select split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')")
        return (
            folder: (settings.text(row: 0, column: 0) ?? "").filter { $0 != "\"" },
            port: settings.text(row: 0, column: 1) ?? ""
        )
    }

    /// A connection string for a database of the server; with TLS if the tests' URL has it.
    ///
    /// - Parameter folder: the folder of a relay's socket to use instead, without TLS.
    static func url(database: String, user: String? = nil, folder: String? = nil) throws -> String {
        let name = try user ?? admin().user
        var options = ["user='\(name)'", "dbname='\(database)'"]
        if let folder {
            options += try ["host='\(folder)'", "port=\(socket().port)"]
        } else {
            let given = try ConnectionString.environment(of: url())
            for (variable, option) in [
                ("PGHOST", "host"), ("PGPORT", "port"), ("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"),
                ("PGSSLCERT", "sslcert"), ("PGSSLKEY", "sslkey"),
            ] {
                if let value = given[variable] { options.append("\(option)='\(value)'") }
            }
        }
        return options.joined(separator: " ")
    }
}

extension String {
    /// Different each time, in lower-case letters and digits.
    static func random(_ prefix: String = "") -> String {
        prefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
