/// The words of a slot that hold a family's counters or gauges.
public struct Cells: Sendable {
    let first: Int
    /// How many there are.
    public let count: Int

    /// The word of one series, by its index in the family.
    public subscript(index: Int) -> Cell {
        precondition(index >= 0 && index < count)
        return Cell(word: first + index)
    }

    /// The word of a family with one series.
    public var only: Cell { self[0] }
}

/// A word of a slot.
public struct Cell: Sendable {
    let word: Int
}

/// The words of a slot that hold a family's histograms; all have the same bounds.
public struct Histograms: Sendable {
    let first: Int
    let count: Int
    /// The upper bounds of the buckets.
    public let bounds: [UInt64]
    /// For each length in bits, the first bucket that a value of that length may belong to.
    private let starts: [UInt8]

    init(first: Int, count: Int, bounds: [UInt64]) {
        self.first = first
        self.count = count
        self.bounds = bounds
        starts = (0...UInt64.bitWidth).map { length in
            let least = length == 0 ? 0 : UInt64(1) << UInt64(length - 1)
            return UInt8(clamping: bounds.firstIndex { $0 >= least } ?? bounds.count)
        }
    }

    /// The first word of one histogram.
    func word(_ index: Int) -> Int {
        precondition(index >= 0 && index < count)
        return first + index * (bounds.count + 2)
    }

    /// The bucket of a value; `bounds.count` for the one without bound.
    ///
    /// The value's length in bits gives the first candidate; few comparisons remain.
    func bucket(of value: UInt64) -> Int {
        var bucket = Int(starts[UInt64.bitWidth - value.leadingZeroBitCount])
        while bucket < bounds.count, bounds[bucket] < value { bucket += 1 }
        return bucket
    }

    /// Ascending bounds in steps of 1, 2, 5: log-spaced, and round numbers such as those of limits.
    public static func steps(from least: UInt64, through most: UInt64) -> [UInt64] {
        var bounds: [UInt64] = []
        var decade = least
        while decade <= most {
            for factor: UInt64 in [1, 2, 5] where decade * factor <= most { bounds.append(decade * factor) }
            decade *= 10
        }
        return bounds
    }
}
