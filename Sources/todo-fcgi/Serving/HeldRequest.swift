import Base
import FastCGI
import TaskAPI

/// A request that waits for a key or for its verification, with a copy of its body, which the connection discards.
struct HeldRequest {
    let id: RequestID
    let body: [UInt8]
    let bodyIsTooLarge: Bool
    let bodyIsIncomplete: Bool
    /// When this worker read it.
    let startedAt: UInt64
    /// How long it had waited before that, in nanoseconds.
    let queued: UInt64

    init(_ id: RequestID, _ request: borrowing Request, startedAt: UInt64, queued: UInt64 = 0) {
        self.id = id
        self.startedAt = startedAt
        self.queued = queued
        body = Array(copying: request.body)
        bodyIsTooLarge = request.bodyIsTooLarge
        bodyIsIncomplete = request.bodyIsIncomplete
    }
}
