internal import Base

/// What a pool counts: families of series, each with its place among the words of a worker's slot.
///
/// Every process of one version builds the same schema; the fingerprint tells those of another apart.
public struct Schema: Sendable {
    /// In the order of the text.
    public private(set) var families: [Family] = []
    /// How many words of 8 bytes a slot has.
    public private(set) var wordCount = 0

    /// Makes an empty schema.
    public init() {}

    /// Adds a family of counters or gauges and gives its cells, in the order of `series`.
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

    /// Adds a family of histograms, which workers add up to one.
    ///
    /// - Parameter bounds: the upper bounds of the buckets, in the unit's smallest part, rising; a last one without
    ///   bound comes by itself.
    public mutating func addHistograms(
        _ name: String, _ help: String, in unit: Family.Unit, bounds: [UInt64], _ series: [Series] = [Series([:])]
    ) -> Histograms {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds rise")
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

    /// A hash over all that decides what a word means.
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
    /// What its values do.
    public enum Kind: Equatable, Sendable {
        /// Goes up only, until the pool begins anew.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts observations by size.
        case histogram(bounds: [UInt64])
    }

    /// How the values of workers become those of the pool.
    public enum Aggregation: Equatable, Sendable {
        /// Added up; of counters, those of workers that have ended count too.
        case sum
        /// The least of the living workers' values that are not 0; without any there is no series.
        case least
        /// One series for each living worker, by the label `worker`.
        case perWorker
    }

    /// What one stands for.
    public enum Unit: Equatable, Sendable {
        /// A thing.
        case one
        /// A nanosecond; the text has seconds.
        case nanoseconds
    }

    /// As in the text.
    public let name: String
    /// One sentence without line breaks or backslashes.
    public let help: String
    /// What its values do.
    public let kind: Kind
    /// How workers' values become the pool's.
    public let aggregation: Aggregation
    /// What one stands for.
    public let unit: Unit
    /// One for each combination of labels.
    public let series: [Series]
    let firstWord: Int
    /// Words a series.
    let stride: Int

    /// Its words in a slot.
    var words: Range<Int> { firstWord..<firstWord + stride * series.count }
}

/// One combination of labels.
public struct Series: Sendable {
    /// As in the text, without braces: `route="list",status="200"`.
    public let labels: String
    /// Whether it is told of before it has counted anything; what can hardly happen is not.
    public let isShownAtZero: Bool

    /// Joins names and values.
    ///
    /// Values are ours, plain words; nothing is escaped.
    public init(_ labels: KeyValuePairs<String, String>, isShownAtZero: Bool = true) {
        precondition(labels.allSatisfy { $0.value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x5c } })
        self.labels = labels.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
        self.isShownAtZero = isShownAtZero
    }
}
