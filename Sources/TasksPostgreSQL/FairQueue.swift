internal import DequeModule
internal import Tasks

/// The queue of submissions for the lanes of a pool: first in, first out for each owner, round-robin between owners.
///
/// An owner with submissions in flight on one lane is not scheduled on another, so that an owner occupies at most one
/// lane of a pool.
struct FairQueue {
    /// The waiting submissions of one owner, and the number in flight.
    final class Owner {
        let name: String
        fileprivate(set) var waiting = Deque<Submission>()
        fileprivate(set) var underWay = 0
        fileprivate var isScheduled = false
        /// The group of its submissions in flight.
        fileprivate var group = 0

        fileprivate init(_ name: String) {
            self.name = name
        }
    }

    private var owners: [String: Owner] = [:]
    private var ready = Deque<Owner>()
    private var lastGroup = 0
    /// The number of waiting submissions.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The number of an owner's waiting submissions.
    func count(of owner: String) -> Int { owners[owner]?.waiting.count ?? 0 }

    /// Appends a submission to those of its owner.
    mutating func append(_ submission: Submission) {
        let owner = owner(submission.operation.owner)
        owner.waiting.append(submission)
        count += 1
        schedule(owner)
    }

    /// Puts submissions back, in their order, before the other submissions of their owners.
    mutating func prepend(_ submissions: [Submission]) {
        for submission in submissions.reversed() {
            let owner = owner(submission.operation.owner)
            owner.waiting.prepend(submission)
            count += 1
            schedule(owner)
        }
    }

    private mutating func owner(_ name: String) -> Owner {
        if let owner = owners[name] { return owner }
        let owner = Owner(name)
        owners[name] = owner
        return owner
    }

    private mutating func schedule(_ owner: Owner) {
        guard !owner.isScheduled, !owner.waiting.isEmpty, owner.underWay == 0 else { return }
        owner.isScheduled = true
        ready.append(owner)
    }

    /// Takes the next group, one submission of each owner in turn; they are in flight from now on.
    ///
    /// A suspect forms a group alone.
    mutating func takeGroup(atMost limit: Int) -> [Submission] {
        lastGroup += 1
        var group: [Submission] = []
        while group.count < limit, let owner = ready.popFirst() {
            owner.isScheduled = false
            guard let next = owner.waiting.first, owner.underWay == 0 || owner.group == lastGroup else { continue }
            if next.isSuspect, !group.isEmpty {
                owner.isScheduled = true
                ready.prepend(owner)
                break
            }
            var submission = owner.waiting.removeFirst()
            submission.owner = owner
            owner.underWay += 1
            owner.group = lastGroup
            count -= 1
            group.append(submission)
            if submission.isSuspect { break }
            if !owner.waiting.isEmpty {
                owner.isScheduled = true
                ready.append(owner)
            }
        }
        return group
    }

    /// A submission that was taken is no longer in flight.
    mutating func release(_ submission: Submission) {
        guard let owner = submission.owner else { return }
        owner.underWay -= 1
        if owner.underWay == 0, owner.waiting.isEmpty {
            owners[owner.name] = nil
        } else {
            schedule(owner)
        }
    }

    /// Removes the waiting submissions that satisfy a predicate.
    mutating func remove(where isRemoved: (inout Submission) -> Bool) -> [Submission] {
        var removed: [Submission] = []
        for owner in Array(owners.values) where !owner.waiting.isEmpty {
            var kept = Deque<Submission>()
            for var submission in owner.waiting {
                if isRemoved(&submission) { removed.append(submission) } else { kept.append(submission) }
            }
            owner.waiting = kept
            if owner.underWay == 0, kept.isEmpty { owners[owner.name] = nil }
        }
        count -= removed.count
        return removed
    }
}
