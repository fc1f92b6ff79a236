/// Bounds the memory for requests that arrive in pieces: `capacity` of them may be large at once, others are queued.
struct LargeRequests<Handler: RequestHandler> {
    /// Any connection may keep this much of a request; thousands of connections then still take little memory.
    private static var usualByteCount: Int { 16 << 10 }
    /// With bodies of 1 MiB, the default limit, 16 requests take 20 MiB at most.
    private static var capacity: Int { 16 }

    private var admitted: [Connection<Handler>] = []
    private var waiting: [Connection<Handler>] = []

    /// Whether a connection may keep this many bytes of a request; if not, it is queued.
    mutating func admit(_ connection: Connection<Handler>, _ byteCount: Int) -> Bool {
        guard byteCount > Self.usualByteCount, !admitted.contains(where: { $0 === connection }) else { return true }
        guard admitted.count < Self.capacity else {
            waiting.append(connection)
            return false
        }
        admitted.append(connection)
        return true
    }

    /// Removes a connection whose request is complete or dropped, and returns the next one to continue.
    mutating func remove(_ connection: Connection<Handler>) -> Connection<Handler>? {
        if let index = waiting.firstIndex(where: { $0 === connection }) { waiting.remove(at: index) }
        guard let index = admitted.firstIndex(where: { $0 === connection }) else { return nil }
        admitted.remove(at: index)
        guard !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        admitted.append(next)
        return next
    }
}
