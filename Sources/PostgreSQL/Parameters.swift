/// The parameters of one statement in PostgreSQL's binary format, in memory that is reused for the next.
@safe
public struct Parameters: ~Copyable {
    /// No statement of this service has more.
    public static let maximumCount = 16

    private var bytes: UnsafeMutableRawBufferPointer
    private var used = 0
    private var offsets = InlineArray<16, Int>(repeating: 0)
    /// libpq's arrays; the pointers are set from the offsets by `withPointers`.
    private let values: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let lengths: UnsafeMutablePointer<Int32>
    private let formats: UnsafeMutablePointer<Int32>
    /// How many there are.
    public private(set) var count = 0

    /// Makes an empty list.
    public init() {
        unsafe bytes = .allocate(byteCount: 8 << 10, alignment: 16)
        unsafe values = .allocate(capacity: Self.maximumCount)
        unsafe lengths = .allocate(capacity: Self.maximumCount)
        unsafe formats = .allocate(capacity: Self.maximumCount)
        unsafe formats.initialize(repeating: 1, count: Self.maximumCount)
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe values.deallocate()
        unsafe lengths.deallocate()
        unsafe formats.deallocate()
    }

    /// Removes all parameters.
    public mutating func removeAll() {
        count = 0
        used = 0
    }

    /// Adds a `text`, or NULL.
    ///
    /// The caller ensures that it contains no U+0000.
    public mutating func append(_ text: String?) {
        guard let text else { return appendNull() }
        let length = text.utf8.count
        reserve(length)
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[used...]).copyBytes(from: text.utf8)
        append(length: length)
    }

    /// Adds a `bigint`, or NULL.
    public mutating func append(_ number: Int64?) {
        guard let number else { return appendNull() }
        reserve(8)
        unsafe bytes.storeBytes(of: number.bigEndian, toByteOffset: used, as: Int64.self)
        append(length: 8)
    }

    /// Adds a `boolean`, or NULL.
    public mutating func append(_ truth: Bool?) {
        guard let truth else { return appendNull() }
        reserve(1)
        unsafe bytes[used] = truth ? 1 : 0
        append(length: 1)
    }

    private mutating func appendNull() {
        append(length: -1)
    }

    private mutating func append(length: Int) {
        precondition(count < Self.maximumCount)
        offsets[count] = length < 0 ? -1 : used
        unsafe lengths[count] = Int32(length)
        used += max(length, 0)
        count += 1
    }

    private mutating func reserve(_ length: Int) {
        guard unsafe used + length > bytes.count else { return }
        let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(bytes.count * 2, used + length), alignment: 16)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used]))
        unsafe bytes.deallocate()
        unsafe bytes = larger
    }

    /// Calls `body` with libpq's arrays: values, lengths and formats, all `count` long.
    borrowing func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Result
    ) -> Result {
        for index in 0..<count {
            let value = unsafe offsets[index] < 0 ? nil : bytes.baseAddress.map { unsafe $0 + offsets[index] }
            unsafe values[index] = UnsafePointer(value?.assumingMemoryBound(to: CChar.self))
        }
        return unsafe body(values, lengths, formats)
    }
}
