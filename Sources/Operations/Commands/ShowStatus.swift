import ArgumentParser
import Base
import Glibc
import Metrics
import PoolMetrics
import Settings

/// Shows the pool's metrics on a terminal.
struct ShowStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the pool's metrics: requests, times, tokens, database, memory.",
        discussion: """
            Reads the address in TODO_METRICS_LISTEN, or the file in TODO_METRICS_FILE, or the file of the installed \
            service. The address serves the same metrics to Prometheus under /metrics. Exits with status 1 if no \
            worker runs.
            """
    )

    @Flag(help: "Show the metrics of the last seconds repeatedly, until Ctrl-C.")
    var watch = false

    @Option(
        help: ArgumentHelp("With --watch: seconds between screens, 2 by default.", valueName: "seconds"))
    var every: Int?

    @Option(help: ArgumentHelp("Read from this address: unix:PATH or 127.0.0.1:PORT.", valueName: "address"))
    var address: String?

    @Option(help: ArgumentHelp("Read from this file.", valueName: "path"))
    var file: String?

    func validate() throws {
        if let every, !watch || !(1...3_600 ~= every) { throw ValidationError("--every goes with --watch: 1 to 3600") }
        if address != nil, file != nil { throw ValidationError("either --address or --file") }
    }

    func run() throws {
        let source = try StatusSource(address: address, file: file)
        let isTerminal = isatty(STDOUT_FILENO) == 1
        guard watch else {
            let screen = StatusScreen(
                try source.samples(), since: nil, seconds: 0, at: Self.now, isStyled: isTerminal)
            print(screen.lines.joined(separator: "\n"))
            return
        }
        try show(source, isTerminal)
    }

    /// Overwrites the last screen instead of clearing it, so that it does not flicker.
    private func show(_ source: StatusSource, _ isTerminal: Bool) throws {
        var (earlier, last) = (try source.samples(), Clock.monotonic)
        if isTerminal { write("\u{1b}[H\u{1b}[J") }
        var isFirst = true
        while true {
            // The first screen comes after half a second.
            usleep(isFirst ? 500_000 : UInt32(every ?? 2) * 1_000_000)
            isFirst = false
            let (samples, now) = (try source.samples(), Clock.monotonic)
            let seconds = Double(now - last) / 1_000_000_000
            let screen = StatusScreen(samples, since: earlier, seconds: seconds, at: Self.now, isStyled: isTerminal)
            (earlier, last) = (samples, now)
            guard isTerminal else {
                write(screen.lines.joined(separator: "\n") + "\n\n")
                continue
            }
            let lines = screen.lines.prefix(Self.rows)
            write("\u{1b}[H" + lines.joined(separator: "\u{1b}[K\n") + "\u{1b}[K\u{1b}[J")
        }
    }

    private static var now: Int64 { Int64(Clock.realTime / 1_000_000_000) }

    /// The terminal's height.
    ///
    /// The corresponding C function is `ioctl(TIOCGWINSZ)`.
    private static var rows: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1 else { return 24 }
        return Int(size.ws_row) - 1
    }

    /// Writes without the buffer of `print`, which would flush in pieces.
    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        if unsafe Glibc.write(STDOUT_FILENO, bytes, bytes.count) < 0 { Glibc.exit(0) }
    }
}

/// The source of the metrics.
enum StatusSource {
    case address(LocalAddress)
    case file(String)

    /// The source given by a flag, else the one given by the environment.
    init(address: String?, file: String?) throws(Failure) {
        var reader = SettingsReader()
        let settings = ObservingSettings(&reader)
        if let address {
            do throws(LocalAddress.Problem) {
                self = .address(try LocalAddress(address))
            } catch {
                throw Failure("--address \(error)")
            }
        } else if let file {
            self = .file(file)
        } else {
            try reader.check()
            if let address = settings.metricsAddress {
                self = .address(address)
            } else if let file = settings.metricsFile {
                self = .file(file)
            } else if unsafe access(Installation.metricsFile, F_OK) == 0 {
                self = .file(Installation.metricsFile)
            } else {
                throw Failure(
                    "neither TODO_METRICS_LISTEN nor TODO_METRICS_FILE is set, as they are for the workers; or use --address or --file"
                )
            }
        }
    }

    /// The current metrics; a failure when no worker runs.
    func samples() throws(Failure) -> Samples {
        switch self {
        case .address(let address):
            do throws(SystemError) {
                return Samples(try Scrape.text(from: address))
            } catch {
                throw Failure("no worker answers at \(address) (\(error)): no worker runs, or none has this address")
            }
        case .file(let path):
            let pool = PoolSchema()
            let snapshot: Snapshot
            do throws(SystemError) {
                snapshot = try Snapshot(of: path, pool.schema)
            } catch  where error.code == EPROTO {
                throw Failure("\(path) is of another version of \(Program.name): use that version, or --address")
            } catch {
                throw Failure("no metrics in \(path) (\(error))")
            }
            guard !snapshot.workers.isEmpty else { throw Failure("no worker runs, according to \(path)") }
            return Samples(
                Exposition(snapshot, pool.schema, prefix: PoolSchema.prefix, version: Program.version).text)
        }
    }
}
