/// The one buffer a worker builds its answers in: bytes are appended, sent, forgotten, and the memory is used again.
///
/// It owns its memory and frees it at the end. Memory grows by doubling; `reset` gives back what one huge answer took.
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

    /// What was written, borrowed until the next change.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            unsafe _overrideLifetime(Span(_unsafeStart: start, count: count), borrowing: self)
        }
    }

    /// Forgets what was written.
    ///
    /// - Parameter maximum: memory beyond this many bytes is given back, so that one huge answer does not stay forever.
    public mutating func reset(keepingCapacity maximum: Int = .max) {
        count = 0
        if capacity > max(maximum, 64) {
            move(toCapacity: max(maximum, 64))
        }
    }

    /// Forgets what was written after the first `newCount` bytes.
    public mutating func truncate(to newCount: Int) {
        precondition(0 <= newCount && newCount <= count, "only what was written can be forgotten")
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
    @_disfavoredOverload  // so that a literal goes as a StaticString, with no String made of it
    public mutating func append(_ text: String) {
        append(text.utf8.span)
    }

    /// Appends a literal as UTF-8.
    public mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { unsafe append(copying: $0) }
    }

    /// Appends what was written before once more.
    public mutating func append(copyOf range: Range<Int>) {
        let end = unsafe reserve(range.count)
        // Where it lies is asked after `reserve`, which may move everything.
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
    /// Makes room for `length` more bytes and returns where they go; `commit` counts those that were written.
    public mutating func reserve(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < length {
            grow(by: length)
        }
        return unsafe start + count
    }

    /// Counts bytes that were written where `reserve` said.
    public mutating func commit(_ length: Int) {
        assert(length <= capacity - count)
        count += length
    }

    /// Where the bytes of a range that was written lie.
    func written(_ range: Range<Int>) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(0 <= range.lowerBound && range.upperBound <= count, "only what was written can be replaced")
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
