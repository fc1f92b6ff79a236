import Tasks
import Testing

@testable import TasksPostgreSQL

/// Who is next of those that wait.
@Suite struct FairQueueTests {
    private var turns = FairQueue()

    private func submission(_ owner: String, _ ticket: Ticket, losses: Int = 0) -> Submission {
        var submission = Submission(TaskOperation(owner: owner, .read(1)), ticket: ticket, deadline: ticket * 10)
        submission.losses = losses
        return submission
    }

    @Test("Owners take turns, and each owner's submissions keep their order")
    mutating func turnsOfOwners() {
        for ticket in 1...4 as ClosedRange<Ticket> { turns.append(submission("hog", ticket)) }
        turns.append(submission("ada", 5))
        turns.append(submission("ben", 6))
        #expect(turns.takeGroup(atMost: 10).map(\.ticket) == [1, 5, 6, 2, 3, 4])
        #expect(turns.isEmpty)
    }

    @Test("An owner with something under way has no turn until that is over")
    mutating func exclusive() {
        for ticket in 1...3 as ClosedRange<Ticket> { turns.append(submission("hog", ticket)) }
        let first = turns.takeGroup(atMost: 1)
        #expect(first.map(\.ticket) == [1])
        turns.append(submission("ada", 4))
        let second = turns.takeGroup(atMost: 1)
        #expect(second.map(\.ticket) == [4])
        #expect(turns.takeGroup(atMost: 1).isEmpty)
        turns.release(first[0])
        #expect(turns.takeGroup(atMost: 5).map(\.ticket) == [2, 3])
    }

    @Test("What comes back goes before what came later, in its own order")
    mutating func prepend() {
        for ticket in 1...4 as ClosedRange<Ticket> { turns.append(submission("ada", ticket)) }
        let group = turns.takeGroup(atMost: 2)
        for submission in group { turns.release(submission) }
        turns.prepend(group)
        #expect(turns.count == 4)
        #expect(turns.takeGroup(atMost: 10).map(\.ticket) == [1, 2, 3, 4])
    }

    @Test("A suspect goes alone")
    mutating func suspects() {
        turns.append(submission("ada", 1))
        turns.append(submission("ben", 2, losses: 2))
        turns.append(submission("cleo", 3))
        #expect(turns.takeGroup(atMost: 10).map(\.ticket) == [1])
        #expect(turns.takeGroup(atMost: 10).map(\.ticket) == [2])
        #expect(turns.takeGroup(atMost: 10).map(\.ticket) == [3])
    }

    @Test("Those whose time is over are taken out, and nothing is kept of owners without any")
    mutating func remove() {
        for ticket in 1...4 as ClosedRange<Ticket> {
            turns.append(submission(ticket.isMultiple(of: 2) ? "ada" : "ben", ticket))
        }
        #expect(Set(turns.remove { $0.deadline <= 20 }.map(\.ticket)) == [1, 2])
        #expect(turns.count == 2 && turns.count(of: "ada") == 1)
        #expect(Set(turns.takeGroup(atMost: 10).map(\.ticket)) == [3, 4])
    }
}
