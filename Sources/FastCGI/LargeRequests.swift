/// Bounds the memory for requests that arrive in pieces: only so many may grow large at once, others wait in line.
struct LargeRequests<Handler: RequestHandler> {
    /// As much of a request as any connection may keep; with it, thousands of connections take little.
    private static var usualByteCount: Int { 16 << 10 }
    /// With bodies of 1 MiB, the default limit, these take 20 MiB at most.
    private static var capacity: Int { 16 }

    private var admitted: [Connection<Handler>] = []
    private var waiting: [Connection<Handler>] = []

    /// Whether a connection may keep so many bytes of a request; if not, it waits in line.
    mutating func admit(_ connection: Connection<Handler>, _ byteCount: Int) -> Bool {
        guard byteCount > Self.usualByteCount, !admitted.contains(where: { $0 === connection }) else { return true }
        guard admitted.count < Self.capacity else {
            waiting.append(connection)
            return false
        }
        admitted.append(connection)
        return true
    }

    /// Forgets a connection, whose request is whole or gone, and gives the next one that may go on.
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
