/// The layout of a metrics file, in words of 8 bytes.
///
///     header | a head for each slot | sums of ended workers, twice | slots
///
/// There are two copies of the sums, so that a new version is written to the other copy and becomes valid with one
/// store, the sequence number: a process that is killed before that leaves the old version.
struct Layout {
    /// More workers than any pool has at once, also while one generation drains beside the next.
    static let slotCount = 256
    /// "todoword" and the version of this layout.
    static let magic: UInt64 = 0x7464_6f6d_6574_0001

    /// Words of the header.
    enum Header {
        static let magic = 0
        static let fingerprint = 1
        static let createdAt = 2
        /// Its lowest bit selects the valid copy of the sums.
        static let sequence = 3
        static let size = 64
    }

    /// Words of a slot's head.
    enum Head {
        /// Counts the slot's owners; 0 before the first.
        static let generation = 0
        static let process = 1
        static let startedAt = 2
        /// 1 when the owner has shut down cleanly.
        static let isDone = 3
        /// 32 bytes of text, padded with zeros.
        static let version = 4
        static let size = 8
    }

    /// Words of one copy of the sums.
    enum Sums {
        /// How many workers ended without a clean shutdown.
        static let crashes = 0
        /// For each slot, the generation of the last owner that is included.
        static let folded = 8
        static let values = folded + Layout.slotCount
    }

    /// Words per slot.
    let wordCount: Int
    private static var page: Int { 512 }

    var sumsSize: Int { Self.pages(Sums.values + wordCount) }
    var slotSize: Int { Self.pages(wordCount) }

    func head(_ slot: Int) -> Int { Header.size + slot * Head.size }
    func sums(_ sequence: UInt64) -> Int {
        Self.pages(Header.size + Self.slotCount * Head.size) + Int(sequence & 1) * sumsSize
    }
    func slot(_ slot: Int) -> Int { sums(0) + 2 * sumsSize + slot * slotSize }
    var size: Int { slot(Self.slotCount) }

    /// The byte that a slot's owner locks, or, for nil, the process that changes the whole file.
    ///
    /// Locks need no data: they are beyond the end of the file.
    func lockByte(_ slot: Int?) -> Int64 { Int64(size * 8 + (slot ?? -1) + 1) }

    private static func pages(_ words: Int) -> Int { (words + page - 1) / page * page }
}
