internal import Glibc

/// A queue of bytes that a socket has not taken yet; when empty it holds no memory.
@safe
struct UnsentBytes: ~Copyable {
    private var memory: UnsafeMutableRawPointer?
    /// The size of the allocated memory.
    private(set) var capacity = 0
    private var start = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    private static var smallestCapacity: Int { 64 << 10 }

    deinit {
        unsafe free(memory)
    }

    /// Appends bytes.
    ///
    /// The corresponding C function is `realloc`.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if start + count + bytes.count > capacity { makeRoom(for: bytes.count) }
        guard let memory = unsafe memory else { return }
        unsafe (memory + start + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// Removes bytes from the front and frees memory that is no longer needed.
    mutating func removeFirst(_ removed: Int) {
        start += removed
        count -= removed
        if count == 0 {
            unsafe free(memory)
            unsafe memory = nil
            (capacity, start) = (0, 0)
        } else if capacity > Self.smallestCapacity, count <= capacity / 4 {
            moveToFront()
            resize(to: max(capacity / 2, Self.smallestCapacity))
        }
    }

    /// Sends as much as the socket takes now; the number of bytes, or -1 and `errno`.
    ///
    /// The corresponding C function is `send`.
    func send(on descriptor: Int32) -> Int {
        guard let memory = unsafe memory else { return 0 }
        return unsafe Glibc.send(descriptor, memory + start, count, SocketFlags.send)
    }

    private mutating func makeRoom(for added: Int) {
        moveToFront()
        guard count + added > capacity else { return }
        resize(to: max(count + added, capacity * 2, Self.smallestCapacity))
    }

    private mutating func moveToFront() {
        guard start > 0, let memory = unsafe memory else { return }
        unsafe memmove(memory, memory + start, count)
        start = 0
    }

    private mutating func resize(to size: Int) {
        guard let resized = unsafe realloc(memory, size) else { fatalError("no memory for \(size) bytes") }
        unsafe memory = resized
        capacity = size
    }
}
