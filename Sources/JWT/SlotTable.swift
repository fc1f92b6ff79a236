/// Finds slots by hash: open addressing with linear probing, at most half full, no tombstones.
///
/// The caller stores the keys in its slots; a dictionary of byte arrays would copy the key for each look-up.
struct SlotTable {
    private struct Position {
        var hash: UInt32
        /// Negative when the position is empty.
        var slot: Int32
    }

    private static let empty = Position(hash: 0, slot: -1)
    private var positions: [Position]
    private let mask: Int

    /// Creates a table for a number of slots.
    init(capacity: Int) {
        var size = 8
        while size < capacity * 2 { size *= 2 }
        positions = Array(repeating: Self.empty, count: size)
        mask = size - 1
    }

    /// The slots of a hash, one per call; nil after the last.
    ///
    /// - Parameter probes: the number of probes so far: 0 at first, advanced by the table.
    func candidate(_ hash: UInt32, probes: inout Int) -> Int32? {
        while true {
            let found = positions[(Int(hash) + probes) & mask]
            guard found.slot >= 0 else { return nil }
            probes += 1
            if found.hash == hash { return found.slot }
        }
    }

    /// Inserts a slot that is not in the table yet.
    mutating func insert(_ slot: Int32, hash: UInt32) {
        var position = Int(hash) & mask
        while positions[position].slot >= 0 { position = (position + 1) & mask }
        positions[position] = Position(hash: hash, slot: slot)
    }

    /// Removes a slot, and moves later entries back into the gap so that probing still finds them.
    mutating func remove(_ slot: Int32, hash: UInt32) {
        var gap = Int(hash) & mask
        while positions[gap].slot != slot { gap = (gap + 1) & mask }
        var position = (gap + 1) & mask
        while positions[position].slot >= 0 {
            let home = Int(positions[position].hash) & mask
            // A probe from `home` reaches the gap before this position, so the entry may move there.
            if (position - home) & mask >= (position - gap) & mask {
                positions[gap] = positions[position]
                gap = position
            }
            position = (position + 1) & mask
        }
        positions[gap] = Self.empty
    }

    /// Removes all slots.
    mutating func removeAll() {
        for position in positions.indices { positions[position] = Self.empty }
    }
}
