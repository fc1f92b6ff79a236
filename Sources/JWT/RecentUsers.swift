/// Users whose tokens were verified lately, as hashes: whom a further token of theirs is worth verifying first.
///
/// Bounded: users whose hashes share a slot replace each other.
struct RecentUsers {
    /// 0 where a slot is empty.
    private var slots: [Int]

    /// Remembers nobody yet.
    init(capacity: Int = 8_192) {
        precondition(capacity > 0, "there is a slot for one user at least")
        slots = Array(repeating: 0, count: capacity)
    }

    /// Remembers a user.
    mutating func insert(_ user: Span<UInt8>) {
        let hash = Self.hash(user)
        slots[slot(of: hash)] = hash
    }

    /// The user's hash, in this process alone; nil for a user who is not remembered.
    func hash(of user: Span<UInt8>) -> Int? {
        let hash = Self.hash(user)
        return slots[slot(of: hash)] == hash ? hash : nil
    }

    private func slot(of hash: Int) -> Int {
        Int(UInt(bitPattern: hash) % UInt(slots.count))
    }

    /// Seeded by the process: nobody can choose users that share a slot.
    private static func hash(_ user: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe user.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
