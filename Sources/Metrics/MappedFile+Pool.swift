internal import Base

/// Changes to the whole file, by one process at a time.
extension MappedFile {
    /// Initializes a new file for this schema; false when the file has another schema.
    func prepare(_ layout: Layout, _ schema: Schema, at now: UInt64) throws(SystemError) -> Bool {
        switch self[Layout.Header.magic] {
        case Layout.magic:
            return self[Layout.Header.fingerprint] == schema.fingerprint
        case 0:
            try reserve(0..<layout.slot(0))
            self[Layout.Header.fingerprint] = schema.fingerprint
            self[Layout.Header.createdAt] = now
            release(Layout.Header.magic, Layout.magic)
            return true
        default:
            return false
        }
    }

    /// Adds the counters of a slot's last owner to the sums of ended workers, unless they are included already.
    ///
    /// The caller holds the slot's lock. Gauges are not added: they end with their worker.
    func fold(_ slot: Int, _ layout: Layout, _ schema: Schema) {
        let generation = self[layout.head(slot) + Layout.Head.generation]
        let sequence = self[Layout.Header.sequence]
        let (valid, next) = (layout.sums(sequence), layout.sums(sequence &+ 1))
        guard generation > self[valid + Layout.Sums.folded + slot] else { return }
        for word in 0..<Layout.Sums.values + schema.wordCount { self[next + word] = self[valid + word] }
        for family in schema.families where family.isFolded {
            for word in family.words { self[next + Layout.Sums.values + word] &+= self[layout.slot(slot) + word] }
        }
        if self[layout.head(slot) + Layout.Head.isDone] == 0 { self[next + Layout.Sums.crashes] &+= 1 }
        self[next + Layout.Sums.folded + slot] = generation
        release(Layout.Header.sequence, sequence &+ 1)
    }
}

extension Family {
    /// Whether a worker's counts remain after it has ended.
    var isFolded: Bool { kind != .gauge && aggregation == .sum }
}
