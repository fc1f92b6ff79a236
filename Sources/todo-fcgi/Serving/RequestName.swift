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

    /// Changes it to another request's; always the same one for the same request.
    func set(_ id: RequestID) {
        // The end of SplitMix64 (Steele and others, OOPSLA 2014): no two numbers become one.
        var mixed = id.rawValue &+ key
        mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
        write(mixed ^ mixed &>> 31, at: 16)
    }

    /// The name of any request as text; from then on `span` is that request's too.
    func text(of id: RequestID) -> String {
        set(id)
        return unsafe String(decoding: UnsafeBufferPointer(start: digits, count: Self.count), as: UTF8.self)
    }

    private func write(_ number: UInt64, at start: Int) {
        let halves = [Self.digits(of: number >> 32), Self.digits(of: number & 0xffff_ffff)] as InlineArray<2, UInt64>
        unsafe UnsafeMutableRawPointer(digits + start).storeBytes(of: halves[0].bigEndian, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(digits + start + 8).storeBytes(of: halves[1].bigEndian, as: UInt64.self)
    }

    /// The digits of 32 bits, the first in the highest byte: all eight at once.
    private static func digits(of bits: UInt64) -> UInt64 {
        // Four bits a byte.
        var nibbles = (bits & 0xffff_0000) << 16 | bits & 0xffff
        nibbles = (nibbles & 0x0000_ff00_0000_ff00) << 8 | nibbles & 0x0000_00ff_0000_00ff
        nibbles = (nibbles & 0x00f0_00f0_00f0_00f0) << 4 | nibbles & 0x000f_000f_000f_000f
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }
}
