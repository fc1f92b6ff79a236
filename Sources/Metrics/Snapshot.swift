public import Base
internal import Glibc

/// The metrics of a pool at one time.
public struct Snapshot: Sendable {
    /// One running worker.
    public struct Worker: Sendable {
        /// Its slot.
        public let slot: Int
        /// Its process id.
        public let process: UInt64
        /// When it started, in seconds since 1970.
        public let startedAt: UInt64
        /// Its version of the program.
        public let version: String
        /// The words of its slot.
        let words: [UInt64]
    }

    /// In the order of their slots.
    public let workers: [Worker]
    /// How many workers were ever started.
    public let starts: UInt64
    /// How many of them ended without a clean shutdown.
    public let crashes: UInt64
    /// When the counting began, in seconds since 1970.
    public let createdAt: UInt64
    /// The sums of all slots and of ended workers.
    let sums: [UInt64]

    /// Reads the counts of a worker and of the others in its pool.
    public init(_ ledger: Ledger) {
        self.init(ledger.file, ledger.layout, ledger.schema, own: ledger.slot)
    }

    /// Reads a pool's file from another process; ENOENT when there is none, EPROTO when it has another schema.
    public init(of path: String, _ schema: Schema) throws(SystemError) {
        let layout = Layout(wordCount: schema.wordCount)
        let file = try MappedFile.readOnly(path, wordCount: layout.size)
        guard file[Layout.Header.magic] == Layout.magic, file[Layout.Header.fingerprint] == schema.fingerprint else {
            throw SystemError("read", code: EPROTO)
        }
        self.init(file, layout, schema, own: nil)
    }

    private init(_ file: MappedFile, _ layout: Layout, _ schema: Schema, own: Int?) {
        createdAt = file[Layout.Header.createdAt]
        // A starting worker may move counts from a slot to the sums meanwhile: then read again.
        var attempt = Attempt(file, layout, schema, own: own)
        for _ in 0..<10 where attempt.sequence != file.acquire(Layout.Header.sequence) {
            attempt = Attempt(file, layout, schema, own: own)
        }
        workers = attempt.workers
        starts = attempt.starts
        crashes = attempt.crashes
        sums = attempt.sums
    }

    /// One reading; valid if the sequence has not changed meanwhile.
    private struct Attempt {
        let sequence: UInt64
        var workers: [Worker] = []
        var starts: UInt64 = 0
        var crashes: UInt64
        var sums: [UInt64]

        init(_ file: MappedFile, _ layout: Layout, _ schema: Schema, own: Int?) {
            sequence = file.acquire(Layout.Header.sequence)
            let base = layout.sums(sequence)
            crashes = file[base + Layout.Sums.crashes]
            sums = (0..<schema.wordCount).map { file[base + Layout.Sums.values + $0] }
            for slot in 0..<Layout.slotCount {
                let head = layout.head(slot)
                let generation = file.acquire(head + Layout.Head.generation)
                // Slots are claimed from the first on.
                guard generation > 0 else { break }
                starts += generation
                guard generation > file[base + Layout.Sums.folded + slot] else { continue }
                let isAlive = slot == own || file.isLocked(layout.lockByte(slot))
                let words = (0..<schema.wordCount).map { file[layout.slot(slot) + $0] }
                if isAlive {
                    workers.append(Worker(file, head, slot: slot, words))
                } else if file[head + Layout.Head.isDone] == 0 {
                    crashes += 1
                }
                for family in schema.families where family.isFolded || (isAlive && family.aggregation == .sum) {
                    for word in family.words { sums[word] &+= words[word] }
                }
            }
        }
    }
}

extension Snapshot.Worker {
    fileprivate init(_ file: MappedFile, _ head: Int, slot: Int, _ words: [UInt64]) {
        self.slot = slot
        self.words = words
        process = file[head + Layout.Head.process]
        startedAt = file[head + Layout.Head.startedAt]
        let bytes = (0..<32).map { byte in
            UInt8(truncatingIfNeeded: file[head + Layout.Head.version + byte / 8] >> UInt64(byte % 8 * 8))
        }
        version = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
