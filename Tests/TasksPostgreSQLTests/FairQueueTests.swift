import Tasks
import Testing

@testable import TasksPostgreSQL

/// The order of waiting submissions.
@Suite struct FairQueueTests {
    private var queue = FairQueue()

    private func submission(_ owner: String, _ ticket: Ticket, losses: Int = 0) -> Submission {
        var submission = Submission(TaskOperation(owner: owner, .read(1)), ticket: ticket, deadline: ticket * 10)
        submission.losses = losses
        return submission
    }

    @Test("Owners take turns, and each owner's submissions keep their order")
    mutating func ownersInTurn() {
        for ticket in 1...4 as ClosedRange<Ticket> { queue.append(submission("hog", ticket)) }
        queue.append(submission("ada", 5))
        queue.append(submission("ben", 6))
        #expect(queue.takeGroup(atMost: 10).map(\.ticket) == [1, 5, 6, 2, 3, 4])
        #expect(queue.isEmpty)
    }

    @Test("An owner with a submission in flight is not scheduled until it is released")
    mutating func exclusive() {
        for ticket in 1...3 as ClosedRange<Ticket> { queue.append(submission("hog", ticket)) }
        let first = queue.takeGroup(atMost: 1)
        #expect(first.map(\.ticket) == [1])
        queue.append(submission("ada", 4))
        let second = queue.takeGroup(atMost: 1)
        #expect(second.map(\.ticket) == [4])
        #expect(queue.takeGroup(atMost: 1).isEmpty)
        queue.release(first[0])
        #expect(queue.takeGroup(atMost: 5).map(\.ticket) == [2, 3])
    }

    @Test("Requeued submissions come before later ones, in their own order")
    mutating func prepend() {
        for ticket in 1...4 as ClosedRange<Ticket> { queue.append(submission("ada", ticket)) }
        let group = queue.takeGroup(atMost: 2)
        for submission in group { queue.release(submission) }
        queue.prepend(group)
        #expect(queue.count == 4)
        #expect(queue.takeGroup(atMost: 10).map(\.ticket) == [1, 2, 3, 4])
    }

    @Test("A suspect forms a group alone")
    mutating func suspects() {
        queue.append(submission("ada", 1))
        queue.append(submission("ben", 2, losses: 2))
        queue.append(submission("cleo", 3))
        #expect(queue.takeGroup(atMost: 10).map(\.ticket) == [1])
        #expect(queue.takeGroup(atMost: 10).map(\.ticket) == [2])
        #expect(queue.takeGroup(atMost: 10).map(\.ticket) == [3])
    }

    @Test("Expired submissions are removed, and owners without submissions with them")
    mutating func remove() {
        for ticket in 1...4 as ClosedRange<Ticket> {
            queue.append(submission(ticket.isMultiple(of: 2) ? "ada" : "ben", ticket))
        }
        #expect(Set(queue.remove { $0.deadline <= 20 }.map(\.ticket)) == [1, 2])
        #expect(queue.count == 2 && queue.count(of: "ada") == 1)
        #expect(Set(queue.takeGroup(atMost: 10).map(\.ticket)) == [3, 4])
    }
}
