internal import CFastCGI

/// A request's STDIN, read to its end.
public struct RequestBody: ~Escapable {
    /// The received bytes; empty when the body exceeds the server's limit.
    public let bytes: Span<UInt8>
    /// Whether the body exceeds the server's limit.
    public let isTooLarge: Bool
    /// Whether less arrived than CONTENT_LENGTH announced, or the stream broke.
    public let isIncomplete: Bool

    @_lifetime(copy bytes)
    init(bytes: Span<UInt8>, isTooLarge: Bool, isIncomplete: Bool) {
        self.bytes = bytes
        self.isTooLarge = isTooLarge
        self.isIncomplete = isIncomplete
    }
}

/// The memory for the body of the request that is being read, reused for the next.
@safe
final class BodyBuffer {
    private var memory: UnsafeMutableBufferPointer<UInt8>
    private var count = 0
    @safe @exclusivity(unchecked) private var isTooLarge = false
    private var isIncomplete = false
    private let limit: Int

    /// Most bodies fit; larger memory is freed with the next request.
    private static var usualSize: Int { 16 << 10 }

    init(limit: Int) {
        self.limit = limit
        unsafe memory = .allocate(capacity: Self.usualSize)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// The body that `read` read last.
    var content: RequestBody {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe UnsafeBufferPointer(rebasing: memory[..<(isTooLarge ? 0 : count)])
            let span = unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
            return RequestBody(bytes: span, isTooLarge: isTooLarge, isIncomplete: isIncomplete)
        }
    }

    /// Reads a stream to its end in every case: an unread record would be taken for the next request.
    ///
    /// The corresponding C function is `FCGX_GetStr`.
    ///
    /// - Parameter omitted: how many bytes of the body arrived and are not in the stream.
    func read(from stream: UnsafeMutablePointer<FCGX_Stream>, announced: Int, omitted: Int) {
        if unsafe memory.count > Self.usualSize { resize(to: Self.usualSize) }
        count = 0
        isTooLarge = announced > limit
        var received = 0
        while true {
            if unsafe received == memory.count, !isTooLarge {
                if received > limit { isTooLarge = true } else { resize(to: min(received * 4, limit + 1)) }
            }
            // A body that is too large overwrites itself and is dropped.
            let room = unsafe UnsafeMutableBufferPointer(rebasing: memory[(isTooLarge ? 0 : received)...])
            let part = unsafe FCGX_GetStr(
                UnsafeMutableRawPointer(room.baseAddress)?.assumingMemoryBound(to: CChar.self), Int32(room.count),
                stream)
            received += Int(part)
            if Int(part) < room.count { break }
        }
        count = received
        if received > limit { isTooLarge = true }
        isIncomplete = unsafe FCGX_GetError(stream) != 0 || received + omitted < announced
    }

    /// Changes the size and keeps what fits.
    private func resize(to size: Int) {
        let resized = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
        unsafe _ = resized.update(fromContentsOf: memory.prefix(size))
        unsafe memory.deallocate()
        unsafe memory = resized
    }
}
