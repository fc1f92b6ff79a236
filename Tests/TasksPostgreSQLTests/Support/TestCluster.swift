import PostgreSQL

/// A private server that can be stopped and started, run by the test server's user.
final class TestCluster {
    let url: String
    private let folder = "/tmp/" + String.random("todo-cluster-")
    private let binaries: String
    private let options: String

    /// - Parameter password: the password of each session; nil for none.
    /// - Parameter options: further options of `postgres`.
    init(password: String? = nil, options: String = "") throws {
        self.options = options
        url =
            "host='\(folder)' port=5432 user=postgres dbname=postgres" + (password.map { " password='\($0)'" } ?? "")
        binaries =
            try TestServer.admin().execute("select setting from pg_config where name = 'BINDIR'")
            .text(row: 0, column: 0) ?? ""
        let authentication = password == nil ? "trust" : "scram-sha-256 --pwfile=\(folder)/password"
        try shell("mkdir \(folder) && printf %s '\(password ?? "")' >\(folder)/password")
        try shell("\(binaries)/initdb -D \(folder)/data -U postgres -A \(authentication) -E UTF8 --no-sync")
        try start()
    }

    deinit {
        try? stop("immediate")
        try? shell("rm -rf \(folder)")
    }

    func start() throws {
        let options = "-k \(folder) -c listen_addresses= -c port=5432 -c fsync=off \(self.options)"
        try shell("\(binaries)/pg_ctl -D \(folder)/data -l \(folder)/log -w -o \"\(options)\" start")
    }

    /// Waits until it is stopped; `mode` is one of `pg_ctl`'s.
    func stop(_ mode: String) throws {
        try shell("\(binaries)/pg_ctl -D \(folder)/data -m \(mode) -w stop")
    }

    /// Stops and starts it without waiting for it.
    func restart() throws {
        try shell("(\(binaries)/pg_ctl -D \(folder)/data -l \(folder)/log -m fast -w restart) &")
    }

    private func shell(_ command: String) throws {
        // The output of `copy` is read first: a program that ends before that breaks its pipe.
        let quoted = "cat >/dev/null; ( \(command) ) </dev/null >/dev/null 2>&1".replacing("'", with: "''")
        try TestServer.admin().execute("copy (select) to program '\(quoted)'")
    }
}
