/// Users whose tokens were verified recently, as hashes; their new tokens are verified before those of other users.
///
/// Bounded: users whose hashes share a slot replace each other.
struct RecentUsers {
    /// A hash for each slot; 0 for an empty one.
    private var slots: [Int]

    /// Creates an empty table.
    init(capacity: Int = 8_192) {
        precondition(capacity > 0, "at least one slot")
        slots = Array(repeating: 0, count: capacity)
    }

    /// Inserts a user.
    mutating func insert(_ user: Span<UInt8>) {
        let hash = Self.hash(user)
        slots[slot(of: hash)] = hash
    }

    /// The user's hash, valid in this process only; nil for a user who is not in the table.
    func hash(of user: Span<UInt8>) -> Int? {
        let hash = Self.hash(user)
        return slots[slot(of: hash)] == hash ? hash : nil
    }

    private func slot(of hash: Int) -> Int {
        Int(UInt(bitPattern: hash) % UInt(slots.count))
    }

    /// Seeded per process, so that colliding users cannot be chosen.
    private static func hash(_ user: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe user.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
