public import Glibc

extension Span<UInt8> {
    /// Whether the bytes are those of another span; not for secrets, since the time depends on where they differ.
    ///
    /// The corresponding C function is `memcmp`.
    @inlinable
    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBufferPointer { mine in
            unsafe other.withUnsafeBufferPointer { theirs in
                guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
                return unsafe memcmp(mine, theirs, count) == 0
            }
        }
    }

    /// Whether the bytes are those of a short literal, for which a loop is faster than a call.
    @inlinable
    public func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { expected in
            for index in indices where unsafe self[index] != expected[index] { return false }
            return true
        }
    }
}

extension StaticString {
    /// The literal's UTF-8, in the program's constant memory.
    @inlinable
    public var bytes: Span<UInt8> {
        @_lifetime(immortal)
        get {
            let span = unsafe Span(_unsafeStart: utf8Start, count: utf8CodeUnitCount)
            return unsafe _overrideLifetime(span, borrowing: ())
        }
    }
}

extension Array<UInt8> {
    /// Copies borrowed bytes.
    public init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

extension String {
    /// Copies borrowed UTF-8; invalid sequences become U+FFFD.
    public init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
