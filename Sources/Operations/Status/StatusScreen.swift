import Base
import PoolMetrics
import Settings

/// The output of `status`: the most important metrics on top, a table of routes, a table of workers.
struct StatusScreen {
    private let samples: Samples
    private let earlier: Samples?
    private let seconds: Double
    private let isStyled: Bool
    private(set) var lines: [String] = []

    /// Formats the lines.
    ///
    /// - Parameters:
    ///   - earlier: the start of the period of rates and times; nil for the start of the metrics.
    ///   - now: seconds since 1970.
    ///   - isStyled: whether the output is a terminal.
    init(_ samples: Samples, since earlier: Samples?, seconds: Double, at now: Int64, isStyled: Bool) {
        self.samples = samples
        self.earlier = earlier
        self.isStyled = isStyled
        let begun = Int64(samples.value("pool_start_time_seconds") ?? 0)
        self.seconds = earlier == nil ? Double(max(now - begun, 1)) : seconds
        addHead(begun, now)
        addPool(now)
        addRoutes()
        addWorkers(now)
    }

    // MARK: Parts

    private mutating func addHead(_ begun: Int64, _ now: Int64) {
        let workers = Int(samples.value("workers") ?? 0)
        let version = samples.label("version", in: "build_info") ?? "?"
        let span =
            earlier == nil
            ? "since \(UTC.text(microseconds: begun * 1_000_000)), \(DurationText.of(seconds: now - begun))"
            : "last \(Self.decimal(seconds, 1)) s"
        add("\(bold("\(Program.name) \(version)"))   \(workers) worker\(workers == 1 ? "" : "s")   \(span)")
        add("")
    }

    private mutating func addPool(_ now: Int64) {
        let failed = change("requests_total", statusClass: "5")
        add(
            "requests",
            "\(rate(change("requests_total"))) per second   \(warn(failed > 0, "\(Self.whole(failed)) failed (5xx)"))   "
                + "\(Self.whole(change("admission_refusals_total"))) refused for load   "
                + "\(Self.whole(samples.value("worker_requests_in_flight") ?? 0)) in flight")
        let phases = Phases.names.map { "\($0) \(times("request_phase_seconds", ["phase": $0]))" }
        add("phases", "\(phases.joined(separator: "   "))   (ms: p50, p99)")
        let (hits, misses) = (
            change("token_cache_lookups_total", ["result": "hit"]),
            change("token_cache_lookups_total", ["result": "miss"])
        )
        let share = hits + misses > 0 ? "\(Self.decimal(100 * hits / (hits + misses), 1)) % cache hits" : "no look-ups"
        let refusals = TokenRefusal.allCases.compactMap { reason -> String? in
            let count = change("token_refusals_total", ["reason": reason.rawValue])
            return count > 0 ? "\(Self.whole(count)) \(reason.rawValue)" : nil
        }
        add(
            "tokens",
            "\(share)   \(Self.whole(samples.value("token_cache_entries") ?? 0)) cached   "
                + "refused: \(refusals.isEmpty ? "none" : refusals.joined(separator: ", "))")
        addDatabase()
        if let keys = samples.value("key_set_keys") {
            let readAt = samples.value("key_set_read_time_seconds").map {
                "read \(DurationText.of(seconds: now - Int64($0))) ago"
            }
            add("keys", "\(Self.whole(keys)) of the issuer   \(readAt ?? "not read yet")")
        }
        if let waiting = samples.value("listen_queue_connections"), let limit = samples.value("listen_queue_limit") {
            add("socket", "\(Self.whole(waiting)) connections waiting to be accepted   backlog \(Self.whole(limit))")
        }
        let crashes = samples.value("worker_crashes_total") ?? 0
        add(
            "restarts",
            "\(Self.whole(samples.value("worker_starts_total") ?? 0)) starts   \(warn(crashes > 0, "\(Self.whole(crashes)) crashes"))"
        )
    }

    private mutating func addDatabase() {
        let all = samples.value("database_connections") ?? 0
        let ready = samples.value("database_connections", ["state": "ready"]) ?? 0
        let asleep = samples.value("database_connections", ["state": "asleep"]) ?? 0
        let batches = change("write_batch_writes_count")
        var text = warn(ready + asleep < all, "\(Self.whole(ready)) of \(Self.whole(all)) connections ready")
        if asleep > 0 { text += ", \(Self.whole(asleep)) asleep" }
        text += "   \(Self.whole(change("database_reconnects_total"))) reconnects"
        if batches > 0 {
            text +=
                "   \(Self.decimal(change("write_batch_writes_sum") / batches, 1)) writes per commit, \(times("write_batch_seconds")) ms"
        }
        add("database", text)
    }

    private mutating func addRoutes() {
        let rows = samples.values(of: "route", in: "requests_total").compactMap { route -> [String]? in
            guard samples.value("requests_total", ["route": route]) ?? 0 > 0 else { return nil }
            let quantiles = [0.5, 0.99].map { share in
                samples.quantile(share, "request_duration_seconds", ["route": route], since: earlier)
                    .map(Self.milliseconds) ?? "-"
            }
            let classes = ["2", "4", "5"].map {
                Self.whole(change("requests_total", ["route": route], statusClass: $0))
            }
            return [route, rate(change("requests_total", ["route": route]))] + quantiles + classes
        }
        add("")
        addTable(["route", "per second", "p50, ms", "p99, ms", "2xx", "4xx", "5xx"], rows)
    }

    private mutating func addWorkers(_ now: Int64) {
        let rows = samples.values(of: "worker", in: "worker_info").map { worker -> [String] in
            let label: [Substring: String] = ["worker": worker]
            let cpu = change("worker_cpu_seconds_total", label)
            let begun = samples.value("worker_start_time_seconds", label).map { Int64($0) } ?? now
            let span = earlier == nil ? Double(max(now - begun, 1)) : seconds
            let isDraining = samples.value("worker_draining", label) ?? 0 > 0
            return [
                worker, samples.label("pid", in: "worker_info", label) ?? "?", DurationText.of(seconds: now - begun),
                "\(Self.decimal(100 * cpu / span, 0)) %",
                "\(Self.decimal((samples.value("worker_resident_memory_bytes", label) ?? 0) / 1_048_576, 1)) MiB",
                Self.whole(samples.value("worker_requests_in_flight", label) ?? 0),
                Self.whole(samples.value("worker_connections", label) ?? 0),
                Self.whole(samples.value("worker_requests_total", label) ?? 0), isDraining ? "draining" : "",
            ]
        }
        guard !rows.isEmpty else { return }
        add("")
        addTable(["worker", "pid", "up", "cpu", "memory", "in flight", "from nginx", "requests", ""], rows)
    }

    // MARK: Numbers

    /// The increase of a counter in the period.
    private func change(_ name: String, _ labels: [Substring: String] = [:]) -> Double {
        // Not negative when the pool's counters were reset.
        max((samples.value(name, labels) ?? 0) - (earlier?.value(name, labels) ?? 0), 0)
    }

    private func change(_ name: String, _ labels: [Substring: String] = [:], statusClass: String) -> Double {
        samples.values(of: "status", in: name).filter { $0.hasPrefix(statusClass) }.reduce(0) { sum, status in
            sum + change(name, labels.merging(["status": status]) { $1 })
        }
    }

    private func rate(_ count: Double) -> String {
        let rate = count / seconds
        return rate > 0 && rate < 10 ? Self.decimal(rate, 1) : Self.whole(rate)
    }

    private func times(_ name: String, _ labels: [Substring: String] = [:]) -> String {
        let quantiles = [0.5, 0.99].map {
            samples.quantile($0, name, labels, since: earlier).map(Self.milliseconds) ?? "-"
        }
        return quantiles.joined(separator: " ")
    }

    // MARK: Text

    private mutating func add(_ line: String) {
        lines.append(line)
    }

    private mutating func add(_ name: String, _ text: String) {
        add("  \(Self.padded(name, 10))\(text)")
    }

    /// Adds a table: the first column left-aligned, the others right-aligned.
    private mutating func addTable(_ head: [String], _ rows: [[String]]) {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for (number, row) in ([head] + rows).enumerated() {
            let cells = row.indices.map { Self.padded(row[$0], widths[$0], isLeft: $0 == 0) }
            let line = "  " + cells.joined(separator: "   ").trimmingEnd
            add(number == 0 ? bold(line) : line)
        }
    }

    private func bold(_ text: String) -> String { isStyled ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    private func warn(_ isWrong: Bool, _ text: String) -> String {
        isWrong && isStyled ? "\u{1b}[31m\(text)\u{1b}[0m" : text
    }

    private static func padded(_ text: String, _ width: Int, isLeft: Bool = true) -> String {
        let blanks = String(repeating: " ", count: max(width - text.count, 0))
        return isLeft ? text + blanks : blanks + text
    }

    /// A whole number in groups of three.
    static func whole(_ value: Double) -> String {
        var digits = String(Int64(value.rounded()))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }

    static func decimal(_ value: Double, _ digits: Int) -> String {
        let scale = [1.0, 10, 100, 1_000][digits]
        let scaled = Int64((value * scale).rounded())
        guard digits > 0 else { return String(scaled) }
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        return "\(whole).\(String(fraction.magnitude, minimumDigits: digits))"
    }

    /// Seconds as milliseconds, with two, one or no decimals by magnitude.
    static func milliseconds(_ seconds: Double) -> String {
        let value = seconds * 1_000
        return decimal(value, value < 1 ? 2 : value < 100 ? 1 : 0)
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
