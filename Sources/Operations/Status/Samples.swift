import PoolMetrics

/// A pool's metrics, parsed from the exposition format of Prometheus.
struct Samples {
    private struct Sample {
        let labels: [Substring: Substring]
        let value: Double
    }

    private var families: [Substring: [Sample]] = [:]

    /// Parses a text; malformed lines are skipped.
    init(_ text: [UInt8]) {
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.first != "#" {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            let name = line.prefix { $0 != "{" && $0 != " " }.dropPrefix(PoolSchema.prefix)
            let labels = line[..<space].drop { $0 != "{" }.dropFirst().dropLast()
            var pairs: [Substring: Substring] = [:]
            for pair in labels.split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { pairs[parts[0]] = parts[1].dropFirst().dropLast() }
            }
            families[name, default: []].append(Sample(labels: pairs, value: value))
        }
    }

    /// The sum of the series that have these labels; nil when there are none.
    func value(_ name: String, _ labels: [Substring: String] = [:]) -> Double? {
        let found = (families[name[...]] ?? []).filter { sample in
            labels.allSatisfy { sample.labels[$0.key].map(String.init) == $0.value }
        }
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }

    /// The distinct values of a label, in the order of the text.
    func values(of label: Substring, in name: String) -> [String] {
        var seen: [String] = []
        for sample in families[name[...]] ?? [] {
            if let value = sample.labels[label].map(String.init), !seen.contains(value) { seen.append(value) }
        }
        return seen
    }

    /// A label's value in the first series with the given labels.
    func label(_ label: Substring, in name: String, _ labels: [Substring: String] = [:]) -> String? {
        families[name[...]]?.first { sample in
            labels.allSatisfy { sample.labels[$0.key].map(String.init) == $0.value }
        }?.labels[label].map(String.init)
    }

    /// A quantile of a histogram's observations since an earlier time; nil without observations.
    ///
    /// Interpolates linearly within a bucket, as Prometheus does.
    func quantile(
        _ share: Double, _ name: String, _ labels: [Substring: String] = [:], since earlier: Samples? = nil
    ) -> Double? {
        let bounds = values(of: "le", in: name + "_bucket")
        let counts = bounds.map { bound -> Double in
            let labels = labels.merging(["le": bound]) { $1 }
            return (value(name + "_bucket", labels) ?? 0) - (earlier?.value(name + "_bucket", labels) ?? 0)
        }
        guard let total = counts.last, total > 0 else { return nil }
        let rank = share * total
        let index = counts.firstIndex { $0 >= rank } ?? counts.count - 1
        let below = index > 0 ? (Double(bounds[index - 1]) ?? 0, counts[index - 1]) : (0, 0)
        guard let upper = Double(bounds[index]), upper.isFinite else { return below.0 }
        let inBucket = counts[index] - below.1
        return below.0 + (upper - below.0) * (inBucket > 0 ? (rank - below.1) / inBucket : 1)
    }
}

extension Substring {
    fileprivate func dropPrefix(_ prefix: String) -> Substring {
        hasPrefix(prefix) ? dropFirst(prefix.count) : self
    }
}
