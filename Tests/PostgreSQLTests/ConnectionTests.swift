import PostgreSQL
import Testing

/// A blocking connection.
@Suite struct ConnectionTests {
    @Test(
        "A failed connection has its reason in one line",
        arguments: [
            ("host=/nonexistent", "No such file or directory"), ("host=127.0.0.1 port=1", "Connection refused"),
            ("nonsense=1", "invalid connection option"), ("postgresql://%", "percent"),
        ])
    func refused(url: String, reason: String) {
        let error = #expect(throws: PostgreSQLError.self) { _ = try Connection.open(url) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false && error?.endsSession == true)
    }

    @Test("User, database and version of a connection are known")
    func properties() throws {
        let connection = try TestServer.connect()
        #expect(try connection.execute("select current_user").text(row: 0, column: 0) == connection.user)
        #expect(try connection.execute("select current_database()").text(row: 0, column: 0) == connection.database)
        #expect(connection.serverVersion >= 140_000)
        #expect(try connection.execute("show client_encoding").text(row: 0, column: 0) == "UTF8")
    }

    @Test("Statements return rows, or throw with their SQLSTATE")
    func execute() throws {
        let connection = try TestServer.connect()
        let result = try connection.execute("select null, '', 'é'; select 1, null, 'last'")
        #expect(result.count == 1 && result.isNull(row: 0, column: 1))
        #expect(result.text(row: 0, column: 1) == nil && result.text(row: 0, column: 2) == "last")
        #expect(try connection.execute("").count == 0)
        let error = #expect(throws: PostgreSQLError.self) { try connection.execute("select 1/0") }
        #expect(error?.sqlState?.code == "22012" && error?.family == .statement)
        #expect(try connection.execute("select 1").text(row: 0, column: 0) == "1", "it goes on")
    }

    @Test("Parameters are values, never SQL", arguments: ["'; drop table x; --", "", "é😀", "\\", nil])
    func parameters(value: String?) throws {
        let result = try TestServer.connect().execute("select $1::text, $2::bigint + 1", [value, "41"])
        #expect(result.text(row: 0, column: 0) == value && result.text(row: 0, column: 1) == "42")
    }

    @Test(
        "A name is quoted so that it is that name", arguments: ["plain", "Mixed Case", "quo\"te", "é", "select", "a;b"])
    func identifier(name: String) throws {
        let connection = try TestServer.connect()
        let quoted = try connection.quoted(identifier: name)
        try connection.execute("create temporary table \(quoted) (id bigint)")
        let found = try connection.execute("select count(*) from pg_class where relname = $1 and relkind = 'r'", [name])
        #expect(found.text(row: 0, column: 0) != "0")
    }

    @Test(
        "The user of a connection string is known without connecting",
        arguments: [("postgresql://ada@/db", "ada"), ("user=ada", "ada"), ("postgresql://a%40b@host/db", "a@b")])
    func user(url: String, user: String) throws {
        #expect(try ConnectionString.user(of: url) == user)
        #expect(throws: PostgreSQLError.self) { try ConnectionString.user(of: "postgresql://[") }
    }
}
