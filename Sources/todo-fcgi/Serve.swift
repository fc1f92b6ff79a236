import ArgumentParser
import Base
import FastCGI
import Settings

/// Runs one worker.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one worker until SIGTERM.",
        discussion: """
            The listening socket is inherited: descriptor 3 when LISTEN_FDS is set, as by systemd, otherwise standard \
            input, as from spawn-fcgi. With --listen the worker creates the socket itself.

            On SIGTERM the worker accepts no more connections, serves those it has until nginx has closed them, and \
            exits with status 0.
            """
    )

    @Option(help: ArgumentHelp("Listen on a unix socket at this path, for a single worker.", valueName: "path"))
    var listen: String?

    func run() throws {
        WorkerProcess.holdSignals()
        let settings = try Settings.load()
        do {
            let socket: ListeningSocket = if let listen { try .bound(to: listen) } else { try .inherited() }
            try WorkerProcess(settings, socket).run()
        } catch let error as SystemError {
            throw Failure(explain(error))
        }
    }

    private func explain(_ error: SystemError) -> String {
        guard listen == nil, ["getsockopt", "accept"].contains(error.call) else {
            return listen.map { "\($0): \(error)" } ?? "\(error)"
        }
        return "no listening socket on standard input (\(error)): start it with systemd or spawn-fcgi, or use --listen"
    }
}
