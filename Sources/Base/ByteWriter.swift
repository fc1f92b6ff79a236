/// A growable byte buffer: bytes are appended, sent and dropped, and the memory is reused for the next answer.
///
/// It owns its memory. Memory grows by doubling; `reset` frees what one huge answer took.
@safe
public struct ByteWriter: ~Copyable {
    /// How many bytes were written since the last `reset`.
    public private(set) var count = 0
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int

    /// Makes an empty writer.
    ///
    /// - Parameter capacity: how many bytes fit before the memory grows for the first time.
    public init(capacity: Int = 4_096) {
        self.capacity = max(capacity, 64)
        unsafe start = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe start.deallocate()
    }

    /// The written bytes, borrowed until the next change.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(Span(_unsafeStart: start, count: count), borrowing: self)
        }
    }

    /// Drops all written bytes.
    ///
    /// - Parameter maximum: memory beyond this many bytes is freed, so that one huge answer does not occupy it forever.
    public mutating func reset(keepingCapacity maximum: Int = .max) {
        count = 0
        if capacity > max(maximum, 64) {
            move(toCapacity: max(maximum, 64))
        }
    }

    /// Drops what was written after the first `newCount` bytes.
    public mutating func truncate(to newCount: Int) {
        precondition(0 <= newCount && newCount <= count, "only written bytes can be dropped")
        count = newCount
    }
}

extension ByteWriter {
    /// Appends one byte.
    public mutating func append(_ byte: UInt8) {
        let end = unsafe reserve(1)
        unsafe end.pointee = byte
        count += 1
    }

    /// Appends bytes as they are.
    public mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(copying: $0) }
    }

    /// Appends a text as UTF-8.
    @_disfavoredOverload  // so that a literal is passed as a StaticString, without making a String
    public mutating func append(_ text: String) {
        append(text.utf8.span)
    }

    /// Appends a literal as UTF-8.
    public mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { unsafe append(copying: $0) }
    }

    /// Appends a copy of a range of the written bytes.
    public mutating func append(copyOf range: Range<Int>) {
        let end = unsafe reserve(range.count)
        // Its address is read after `reserve`, which may move the memory.
        let source = unsafe written(range)
        if let first = source.baseAddress { unsafe end.update(from: first, count: source.count) }
        count += range.count
    }

    private mutating func append(copying source: UnsafeBufferPointer<UInt8>) {
        guard let first = source.baseAddress else { return }
        let end = unsafe reserve(source.count)
        unsafe end.update(from: first, count: source.count)
        count += source.count
    }
}

extension ByteWriter {
    /// Ensures capacity for `length` more bytes and returns their address; `commit` counts those that were written.
    public mutating func reserve(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < length {
            grow(by: length)
        }
        return unsafe start + count
    }

    /// Counts bytes that were written at the address that `reserve` returned.
    public mutating func commit(_ length: Int) {
        assert(length <= capacity - count)
        count += length
    }

    /// The memory of a range of the written bytes.
    func written(_ range: Range<Int>) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(0 <= range.lowerBound && range.upperBound <= count, "only written bytes can be replaced")
        return unsafe UnsafeMutableBufferPointer(start: start + range.lowerBound, count: range.count)
    }

    /// Kept out of line: it hardly ever runs.
    @inline(never)
    private mutating func grow(by length: Int) {
        move(toCapacity: max(capacity * 2, count + length))
    }

    private mutating func move(toCapacity newCapacity: Int) {
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        unsafe moved.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = moved
        capacity = newCapacity
    }
}
