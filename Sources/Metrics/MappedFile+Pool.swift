internal import Base

/// What is done to a file as a whole, by one process at a time.
extension MappedFile {
    /// Makes a new file one of this schema; false when it is one of another.
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

    /// Adds what a slot's last owner counted to the sums of ended workers, unless it is there already.
    ///
    /// The slot's lock is the caller's. Only counters go in: what a gauge said ended with its worker.
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
    /// Whether what a worker counted outlasts it.
    var isFolded: Bool { kind != .gauge && aggregation == .sum }
}
