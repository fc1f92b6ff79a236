/// Finds slots by hash: open addressing with linear probing, at most half full, no tombstones.
///
/// The keys themselves lie in the slots, with the caller; a dictionary of byte arrays would need a copy of the key
/// for each look-up.
struct SlotTable {
    private struct Position {
        var hash: UInt32
        /// Negative when nothing is here.
        var slot: Int32
    }

    private static let empty = Position(hash: 0, slot: -1)
    private var positions: [Position]
    private let mask: Int

    /// Makes a table with room for a number of slots.
    init(capacity: Int) {
        var size = 8
        while size < capacity * 2 { size *= 2 }
        positions = Array(repeating: Self.empty, count: size)
        mask = size - 1
    }

    /// The slots under a hash, one a call; nil after the last.
    ///
    /// - Parameter probes: starts at 0, and is the table's to move on.
    func candidate(_ hash: UInt32, probes: inout Int) -> Int32? {
        while true {
            let found = positions[(Int(hash) + probes) & mask]
            guard found.slot >= 0 else { return nil }
            probes += 1
            if found.hash == hash { return found.slot }
        }
    }

    /// Puts a slot in that is not there yet.
    mutating func insert(_ slot: Int32, hash: UInt32) {
        var position = Int(hash) & mask
        while positions[position].slot >= 0 { position = (position + 1) & mask }
        positions[position] = Position(hash: hash, slot: slot)
    }

    /// Takes a slot out, and moves back what was only behind it because it was there.
    mutating func remove(_ slot: Int32, hash: UInt32) {
        var gap = Int(hash) & mask
        while positions[gap].slot != slot { gap = (gap + 1) & mask }
        var position = (gap + 1) & mask
        while positions[position].slot >= 0 {
            let home = Int(positions[position].hash) & mask
            // Whoever probes from home meets the gap before this position: it may move there.
            if (position - home) & mask >= (position - gap) & mask {
                positions[gap] = positions[position]
                gap = position
            }
            position = (position + 1) & mask
        }
        positions[gap] = Self.empty
    }

    /// Takes all slots out.
    mutating func removeAll() {
        for position in positions.indices { positions[position] = Self.empty }
    }
}
