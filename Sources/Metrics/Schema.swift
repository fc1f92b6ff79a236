internal import Base

/// The metrics of a pool: families of series, each with its words in a worker's slot.
///
/// Every process of one version builds the same schema; the fingerprint distinguishes other versions.
public struct Schema: Sendable {
    /// In the order of the text.
    public private(set) var families: [Family] = []
    /// How many words of 8 bytes a slot has.
    public private(set) var wordCount = 0

    /// Makes an empty schema.
    public init() {}

    /// Adds a family of counters or gauges and returns its cells, in the order of `series`.
    ///
    /// - Parameters:
    ///   - name: after Prometheus's conventions, the unit at its end.
    ///   - series: the labels of each; one without labels by default.
    public mutating func add(
        _ name: String, _ help: String, _ kind: Family.Kind, of aggregation: Family.Aggregation = .sum,
        in unit: Family.Unit = .one, _ series: [Series] = [Series([:])]
    ) -> Cells {
        let cells = Cells(first: wordCount, count: series.count)
        families.append(
            Family(
                name: name, help: help, kind: kind, aggregation: aggregation, unit: unit, series: series,
                firstWord: wordCount, stride: 1))
        wordCount += series.count
        return cells
    }

    /// Adds a family of histograms, which are summed over all workers.
    ///
    /// - Parameter bounds: the upper bounds of the buckets, in the unit's smallest part, ascending; a last bucket
    ///   without bound is added.
    public mutating func addHistograms(
        _ name: String, _ help: String, in unit: Family.Unit, bounds: [UInt64], _ series: [Series] = [Series([:])]
    ) -> Histograms {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must ascend")
        // The buckets, the one without bound, the sum.
        let stride = bounds.count + 2
        let histograms = Histograms(first: wordCount, count: series.count, bounds: bounds)
        families.append(
            Family(
                name: name, help: help, kind: .histogram(bounds: bounds), aggregation: .sum, unit: unit,
                series: series, firstWord: wordCount, stride: stride))
        wordCount += stride * series.count
        return histograms
    }

    /// A hash over everything that determines the meaning of a word.
    public var fingerprint: UInt64 {
        var hash = FNV1a()
        func mix(_ text: String) {
            hash.combine(text)
            hash.combine(0xff)
        }
        for family in families {
            mix("\(family.name) \(family.kind) \(family.aggregation) \(family.unit)")
            for series in family.series { mix(series.labels) }
        }
        return hash.value
    }
}

/// A metric and its series.
public struct Family: Sendable {
    /// The kind of a metric.
    public enum Kind: Equatable, Sendable {
        /// Only increases, until the pool is reset.
        case counter
        /// Increases and decreases.
        case gauge
        /// Counts observations by size.
        case histogram(bounds: [UInt64])
    }

    /// How the values of workers become those of the pool.
    public enum Aggregation: Equatable, Sendable {
        /// The sum; for counters, ended workers included.
        case sum
        /// The least of the running workers' values that are not 0; no series if all are 0.
        case least
        /// One series for each running worker, with the label `worker`.
        case perWorker
    }

    /// The unit of a value.
    public enum Unit: Equatable, Sendable {
        /// A count.
        case one
        /// Nanoseconds, exposed as seconds.
        case nanoseconds
    }

    /// As in the text.
    public let name: String
    /// One sentence without line breaks or backslashes.
    public let help: String
    /// The kind of a metric.
    public let kind: Kind
    /// How workers' values become the pool's.
    public let aggregation: Aggregation
    /// The unit of a value.
    public let unit: Unit
    /// One for each combination of labels.
    public let series: [Series]
    let firstWord: Int
    /// Words per series.
    let stride: Int

    /// Its words in a slot.
    var words: Range<Int> { firstWord..<firstWord + stride * series.count }
}

/// One combination of labels.
public struct Series: Sendable {
    /// As in the text, without braces: `route="list",status="200"`.
    public let labels: String
    /// Whether it is exposed while its value is 0; false for rare events.
    public let isShownAtZero: Bool

    /// Joins names and values.
    ///
    /// Values are plain words chosen by the program; they are not escaped.
    public init(_ labels: KeyValuePairs<String, String>, isShownAtZero: Bool = true) {
        precondition(labels.allSatisfy { $0.value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5c } })
        self.labels = labels.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
        self.isShownAtZero = isShownAtZero
    }
}
