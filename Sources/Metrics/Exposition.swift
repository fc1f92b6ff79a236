internal import Base

/// A snapshot in Prometheus's text format 0.0.4.
public struct Exposition {
    /// The Content-Type of the text.
    public static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    private let prefix: String
    /// The text.
    public private(set) var text: [UInt8] = []

    /// Writes the snapshot's own families, then all families of a schema.
    ///
    /// - Parameters:
    ///   - prefix: the prefix of every name, with its underscore.
    ///   - version: the version of the worker that writes the text.
    public init(_ snapshot: Snapshot, _ schema: Schema, prefix: String, version: String) {
        self.prefix = prefix
        text.reserveCapacity(32 << 10)
        add("build_info", "gauge", "The version of the worker that answers.")
        add("build_info", "version=\"\(version)\"", 1)
        add("worker_info", "gauge", "The running workers.")
        for worker in snapshot.workers {
            add(
                "worker_info", "worker=\"\(worker.slot)\",pid=\"\(worker.process)\",version=\"\(worker.version)\"", 1)
        }
        add("worker_start_time_seconds", "gauge", "When a worker began, in seconds since 1970.")
        for worker in snapshot.workers {
            add("worker_start_time_seconds", "worker=\"\(worker.slot)\"", worker.startedAt)
        }
        add("workers", "gauge", "The number of running workers.")
        add("workers", "", UInt64(snapshot.workers.count))
        add("worker_starts_total", "counter", "Workers that were started.")
        add("worker_starts_total", "", snapshot.starts)
        add("worker_crashes_total", "counter", "Workers that ended without a clean shutdown.")
        add("worker_crashes_total", "", snapshot.crashes)
        add("pool_start_time_seconds", "gauge", "When the counting began, in seconds since 1970.")
        add("pool_start_time_seconds", "", snapshot.createdAt)
        for family in schema.families { add(family, snapshot) }
    }

    /// Adds a gauge that is in no slot.
    public mutating func addGauge(_ name: String, _ help: String, _ value: UInt64) {
        add(name, "gauge", help)
        add(name, "", value)
    }

    private mutating func add(_ family: Family, _ snapshot: Snapshot) {
        let type =
            switch family.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        add(family.name, type, family.help)
        for (index, series) in family.series.enumerated() {
            let word = family.firstWord + index * family.stride
            if case .histogram(let bounds) = family.kind {
                addHistogram(family, series, bounds, snapshot.sums[word..<word + family.stride])
                continue
            }
            switch family.aggregation {
            case .sum:
                let value = snapshot.sums[word]
                if value > 0 || series.isShownAtZero { add(family.name, series.labels, value, family.unit) }
            case .least:
                let values = snapshot.workers.map { $0.words[word] }.filter { $0 > 0 }
                if let least = values.min() { add(family.name, series.labels, least, family.unit) }
            case .perWorker:
                for worker in snapshot.workers {
                    let labels = Self.joined(series.labels, "worker=\"\(worker.slot)\"")
                    add(family.name, labels, worker.words[word], family.unit)
                }
            }
        }
    }

    private mutating func addHistogram(
        _ family: Family, _ series: Series, _ bounds: [UInt64], _ words: ArraySlice<UInt64>
    ) {
        var count: UInt64 = 0
        for (bucket, observations) in words.dropLast().enumerated() {
            count += observations
            let bound =
                bucket < bounds.count
                ? String(decoding: Self.decimal(bounds[bucket], family.unit), as: UTF8.self) : "+Inf"
            add("\(family.name)_bucket", Self.joined(series.labels, "le=\"\(bound)\""), count)
        }
        add("\(family.name)_sum", series.labels, words.last ?? 0, family.unit)
        // The sum of the buckets, rather than a word of its own, so that both always agree.
        add("\(family.name)_count", series.labels, count)
    }

    private static func joined(_ labels: String, _ more: String) -> String {
        labels.isEmpty ? more : "\(labels),\(more)"
    }

    // MARK: Lines

    private mutating func add(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(type)\n".utf8
    }

    private mutating func add(_ name: String, _ labels: String, _ value: UInt64, _ unit: Family.Unit = .one) {
        text += prefix.utf8
        text += name.utf8
        if !labels.isEmpty {
            text.append(UInt8(ascii: "{"))
            text += labels.utf8
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: " "))
        text += Self.decimal(value, unit)
        text.append(UInt8(ascii: "\n"))
    }

    /// A value in the base unit: nanoseconds as seconds, without trailing zeros.
    static func decimal(_ value: UInt64, _ unit: Family.Unit) -> [UInt8] {
        guard unit == .nanoseconds else { return Array(String(value).utf8) }
        let (seconds, fraction) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard fraction > 0 else { return Array(String(seconds).utf8) }
        var digits = Array(String(fraction, minimumDigits: 9).utf8)
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return Array(String(seconds).utf8) + [UInt8(ascii: ".")] + digits
    }
}
