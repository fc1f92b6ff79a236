import Glibc
import Metrics

/// A schema with one family of each kind.
struct Sample {
    var schema = Schema()
    let requests: Cells
    let inFlight: Cells
    let oldest: Cells
    let connections: Cells
    let latency: Histograms

    init(more: Bool = false) {
        requests = schema.add(
            "requests_total", "Requests.", .counter,
            [
                Series(["route": "list", "status": "200"]),
                Series(["route": "list", "status": "500"], isShownAtZero: false),
            ]
        )
        inFlight = schema.add("in_flight", "Now.", .gauge, of: .perWorker)
        oldest = schema.add("read_time_seconds", "Least.", .gauge, of: .least)
        connections = schema.add("connections", "Sum.", .gauge)
        latency = schema.addHistograms(
            "latency_seconds", "Times.", in: .nanoseconds, bounds: [1_000, 1_000_000, 2_000_000_000])
        if more { _ = schema.add("later_total", "Of another version.", .counter) }
    }

    func claim(_ path: String, version: String = "1.0", at now: UInt64 = 1_000) throws(Ledger.Refusal) -> Ledger {
        try .claimed(in: path, schema, version: version, at: now)
    }

    /// The lines of the text that begin with a name.
    func lines(_ snapshot: Snapshot, _ name: String = "t_") -> [String] {
        let text = Exposition(snapshot, schema, prefix: "t_", version: "1.0").text
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init).filter {
            $0.hasPrefix(name)
        }
    }

    func value(_ snapshot: Snapshot, _ name: String) -> String? {
        lines(snapshot, name + " ").first.map { String($0.dropFirst(name.count + 1)) }
    }
}

/// A folder for one test, removed with its end.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/metrics-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink("\(path)/\(name)")
        }
        closedir(folder)
        rmdir(path)
    }
}
