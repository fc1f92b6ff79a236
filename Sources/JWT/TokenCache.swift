internal import Base

/// A cache of verified tokens and their users; the key is the whole token.
///
/// Bounded by entries and by bytes, with SIEVE eviction (Zhang and others, NSDI 2024): a hand moves from the oldest
/// entry to the newest and evicts the first that was not used since the hand last passed it. So a flood of tokens that
/// are each used once evicts itself, and the tokens of returning users stay. Only valid tokens are inserted, and every
/// look-up checks their validity again.
public struct TokenCache: ~Copyable {
    /// The bounds of the cache.
    public struct Limits: Equatable, Sendable {
        /// At most this many tokens; 0 turns the cache off.
        public var count: Int
        /// At most this many bytes of tokens, users and book-keeping.
        public var bytes: Int

        /// By default 4,096 tokens in 4 MiB: every active user of a worker.
        public init(count: Int = 4_096, bytes: Int = 4 << 20) {
            self.count = count
            self.bytes = bytes
        }
    }

    /// The cache's metrics; counters run from the start of the process.
    public struct Statistics: Equatable, Sendable {
        /// How many tokens are cached now.
        public internal(set) var count = 0
        /// How many bytes the tokens take now, as `Limits` counts them.
        public internal(set) var bytes = 0
        /// How many look-ups found a token, expired or not.
        public internal(set) var hits = 0
        /// How many look-ups found none.
        public internal(set) var misses = 0
        /// How many tokens were evicted.
        public internal(set) var evictions = 0
    }

    private struct Entry {
        var token: [UInt8]
        var user: String
        var validity: Validity
        var hash: UInt32
        /// The next entry towards the newest; for a free entry, the next free one.
        var newer: Int32
        var older: Int32
        /// Used since the hand last passed.
        var visited = false

        /// An entry's own size and its share of the table, roughly.
        static let overhead = 128
        var bytes: Int { token.count + user.utf8.count + Self.overhead }
    }

    /// No entry.
    private static let none: Int32 = -1

    private let limits: Limits
    private var table: SlotTable
    private var entries: [Entry] = []
    private var newest = none
    private var oldest = none
    private var hand = none
    private var free = none
    /// The position of the search for expired entries.
    private var sweep = 0

    /// The cache's metrics.
    public private(set) var statistics = Statistics()

    /// Creates an empty cache.
    public init(limits: Limits = Limits()) {
        self.limits = limits
        table = SlotTable(capacity: max(limits.count, 0))
    }

    /// The user of a cached token; nil for a token that is not cached.
    ///
    /// Removes the token if it has expired.
    mutating func user(of token: Span<UInt8>, at now: Int64) throws(TokenError) -> String? {
        guard statistics.count > 0, let slot = slot(of: token, hash: Self.hash(token)) else {
            statistics.misses += 1
            return nil
        }
        statistics.hits += 1
        do throws(TokenError) {
            try entries[Int(slot)].validity.check(at: now)
        } catch {
            if error == .expired { remove(slot) }
            throw error
        }
        entries[Int(slot)].visited = true
        return entries[Int(slot)].user
    }

    /// Inserts a token that was just verified; evicts others when a bound is reached.
    mutating func insert(_ token: Span<UInt8>, user: String, validity: Validity, at now: Int64) {
        guard limits.count > 0 else { return }
        let hash = Self.hash(token)
        let entry = Entry(
            token: Array(copying: token), user: user, validity: validity, hash: hash, newer: Self.none, older: newest)
        guard entry.bytes <= limits.bytes, slot(of: token, hash: hash) == nil else { return }
        dropExpired(at: now)
        while statistics.count >= limits.count || statistics.bytes + entry.bytes > limits.bytes { evict(at: now) }
        add(entry)
    }

    /// Removes all tokens, since the keys changed.
    mutating func removeAll() {
        table.removeAll()
        entries.removeAll()
        (newest, oldest, hand, free) = (Self.none, Self.none, Self.none, Self.none)
        (statistics.count, statistics.bytes, sweep) = (0, 0, 0)
    }
}

// MARK: - Order of eviction

extension TokenCache {
    /// Removes the first entry from the hand on that was not used or has expired.
    private mutating func evict(at now: Int64) {
        var slot = hand == Self.none ? oldest : hand
        while entries[Int(slot)].visited, now < entries[Int(slot)].validity.expires {
            entries[Int(slot)].visited = false
            slot = entries[Int(slot)].newer == Self.none ? oldest : entries[Int(slot)].newer
        }
        hand = slot
        remove(slot)
        statistics.evictions += 1
    }

    /// Checks the next two entries and removes the expired, so that none stays for ever where nothing is evicted.
    private mutating func dropExpired(at now: Int64) {
        for _ in 0..<min(2, entries.count) {
            sweep = sweep + 1 < entries.count ? sweep + 1 : 0
            let entry = entries[sweep]
            if !entry.token.isEmpty, now >= entry.validity.expires { remove(Int32(sweep)) }
        }
    }
}

// MARK: - Slots

extension TokenCache {
    /// Random in each process, so that colliding tokens cannot be chosen.
    private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    /// Hashes the last 16 bytes, part of the signature, which differ between valid tokens as much as whole tokens do.
    private static func hash(_ token: Span<UInt8>) -> UInt32 {
        // Valid tokens are longer.
        guard token.count >= 16 else { return 0 }
        let end = token.count
        // In bounds by the line above; any eight bytes make a UInt64.
        let first = unsafe token.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: end - 16, as: UInt64.self)
        let second = unsafe token.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: end - 8, as: UInt64.self)
        let product = (first ^ seeds.0).multipliedFullWidth(by: second ^ seeds.1)
        return UInt32(truncatingIfNeeded: product.high ^ product.low)
    }

    private func slot(of token: Span<UInt8>, hash: UInt32) -> Int32? {
        var probes = 0
        while let slot = table.candidate(hash, probes: &probes) {
            let known = entries[Int(slot)].token
            if known.span.equals(token) { return slot }
        }
        return nil
    }

    private mutating func add(_ entry: Entry) {
        var entry = entry
        entry.older = newest
        let slot: Int32
        if free == Self.none {
            slot = Int32(entries.count)
            entries.append(entry)
        } else {
            slot = free
            free = entries[Int(slot)].newer
            entries[Int(slot)] = entry
        }
        if newest == Self.none { oldest = slot } else { entries[Int(newest)].newer = slot }
        newest = slot
        statistics.count += 1
        statistics.bytes += entry.bytes
        table.insert(slot, hash: entry.hash)
    }

    private mutating func remove(_ slot: Int32) {
        let entry = entries[Int(slot)]
        table.remove(slot, hash: entry.hash)
        if hand == slot { hand = entry.newer }
        if entry.newer == Self.none { newest = entry.older } else { entries[Int(entry.newer)].older = entry.older }
        if entry.older == Self.none { oldest = entry.newer } else { entries[Int(entry.older)].newer = entry.newer }
        statistics.count -= 1
        statistics.bytes -= entry.bytes
        // An empty token marks a free entry; no cached token is empty.
        entries[Int(slot)] = Entry(
            token: [], user: "", validity: entry.validity, hash: 0, newer: free, older: Self.none)
        free = slot
    }
}
