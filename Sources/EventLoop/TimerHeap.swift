/// A binary heap of deadlines, the earliest on top; a source's replaced timer leaves a stale entry, which is skipped.
struct TimerHeap {
    struct Entry {
        var deadline: UInt64
        var source: EventSource
    }

    private var entries: [Entry] = []

    /// The deadline of the earliest timer that is still set.
    mutating func nextDeadline() -> UInt64? {
        while let first = entries.first {
            if first.source.timerDeadline == first.deadline { return first.deadline }
            removeFirst()
        }
        return nil
    }

    mutating func insert(_ source: EventSource, deadline: UInt64) {
        entries.append(Entry(deadline: deadline, source: source))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].deadline < entries[parent].deadline else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes the next due source from the heap and unsets its timer.
    mutating func popDue(_ now: UInt64) -> EventSource? {
        guard let deadline = nextDeadline(), deadline <= now else { return nil }
        let source = entries[0].source
        source.timerDeadline = nil
        removeFirst()
        return source
    }

    private mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].deadline < entries[least].deadline {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
