internal import DequeModule
internal import Tasks

/// Submissions that wait for a lane: each owner's in the order in which they came, the owners in turn.
///
/// An owner whose submissions are under way on one lane has no turn on another, so that one owner occupies at most one
/// lane of a pool.
struct OwnerTurns {
    /// What waits of one owner, and how much is under way.
    final class Owner {
        let name: String
        fileprivate(set) var waiting = Deque<Submission>()
        fileprivate(set) var underWay = 0
        fileprivate var isInTurn = false
        /// The group in which its submissions are under way.
        fileprivate var group = 0

        fileprivate init(_ name: String) {
            self.name = name
        }
    }

    private var owners: [String: Owner] = [:]
    private var turns = Deque<Owner>()
    private var lastGroup = 0
    /// How many wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// How many of an owner wait.
    func count(of owner: String) -> Int { owners[owner]?.waiting.count ?? 0 }

    /// Adds a submission behind those of its owner.
    mutating func append(_ submission: Submission) {
        let owner = owner(submission.operation.owner)
        owner.waiting.append(submission)
        count += 1
        giveTurn(owner)
    }

    /// Puts submissions back, in their order, before those of their owners that came later.
    mutating func prepend(_ submissions: [Submission]) {
        for submission in submissions.reversed() {
            let owner = owner(submission.operation.owner)
            owner.waiting.prepend(submission)
            count += 1
            giveTurn(owner)
        }
    }

    private mutating func owner(_ name: String) -> Owner {
        if let owner = owners[name] { return owner }
        let owner = Owner(name)
        owners[name] = owner
        return owner
    }

    private mutating func giveTurn(_ owner: Owner) {
        guard !owner.isInTurn, !owner.waiting.isEmpty, owner.underWay == 0 else { return }
        owner.isInTurn = true
        turns.append(owner)
    }

    /// Takes the next group, one submission of each owner in turn; they are under way from now on.
    ///
    /// A suspect goes alone.
    mutating func takeGroup(atMost limit: Int) -> [Submission] {
        lastGroup += 1
        var group: [Submission] = []
        while group.count < limit, let owner = turns.popFirst() {
            owner.isInTurn = false
            guard let next = owner.waiting.first, owner.underWay == 0 || owner.group == lastGroup else { continue }
            if next.isSuspect, !group.isEmpty {
                owner.isInTurn = true
                turns.prepend(owner)
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
                owner.isInTurn = true
                turns.append(owner)
            }
        }
        return group
    }

    /// A submission that was taken is no longer under way.
    mutating func release(_ submission: Submission) {
        guard let owner = submission.owner else { return }
        owner.underWay -= 1
        if owner.underWay == 0, owner.waiting.isEmpty {
            owners[owner.name] = nil
        } else {
            giveTurn(owner)
        }
    }

    /// Takes out those that wait and of which something is so.
    mutating func remove(where isSo: (inout Submission) -> Bool) -> [Submission] {
        var removed: [Submission] = []
        for owner in Array(owners.values) where !owner.waiting.isEmpty {
            var kept = Deque<Submission>()
            for var submission in owner.waiting {
                if isSo(&submission) { removed.append(submission) } else { kept.append(submission) }
            }
            owner.waiting = kept
            if owner.underWay == 0, kept.isEmpty { owners[owner.name] = nil }
        }
        count -= removed.count
        return removed
    }
}
