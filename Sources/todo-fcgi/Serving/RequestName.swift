import FastCGI

/// A request's name for people, 32 hexadecimal digits: in its answer, in nginx's log and in ours.
///
/// Made here and not by nginx, whose `$request_id` takes a fifth of all that it does for a request. The first half is
/// this process's own, drawn at random; the second tells its requests apart, and not how many there are.
@safe
final class RequestName {
    private static var count: Int { 32 }

    private let digits: UnsafeMutablePointer<UInt8>
    private let key = UInt64.random(in: .min ... .max)

    init() {
        unsafe digits = .allocate(capacity: Self.count)
        unsafe digits.initialize(repeating: 0x30, count: Self.count)
        write(.random(in: .min ... .max), at: 0)
    }

    deinit {
        unsafe digits.deallocate()
    }

    /// The digits for the request that `set` was called with last.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { unsafe _overrideLifetime(Span(_unsafeStart: digits, count: Self.count), borrowing: self) }
    }

    /// The same as text.
    var text: String {
        unsafe String(decoding: UnsafeBufferPointer(start: digits, count: Self.count), as: UTF8.self)
    }

    /// Changes it to another request's; always the same one for the same request.
    func set(_ id: RequestID) {
        // The end of SplitMix64 (Steele and others, OOPSLA 2014): no two numbers become one.
        var mixed = id.rawValue &+ key
        mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
        write(mixed ^ mixed &>> 31, at: 16)
    }

    private func write(_ number: UInt64, at start: Int) {
        for index in 0..<16 {
            let nibble = UInt8(truncatingIfNeeded: number &>> UInt64(60 - 4 * index)) & 0xf
            unsafe digits[start + index] = nibble &+ (nibble < 10 ? 0x30 : 0x57)
        }
    }
}
