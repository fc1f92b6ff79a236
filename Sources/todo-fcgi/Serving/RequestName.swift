import FastCGI

/// The request id of answers and logs, nginx's included: 32 hexadecimal digits.
///
/// Generated here, since nginx's `$request_id` costs a fifth of its time for a request. The first half is random for
/// each process; the second is unique within the process and does not reveal the number of requests.
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

    /// Changes `span` to the id of a request; equal requests have equal ids.
    func set(_ id: RequestID) {
        // The finaliser of SplitMix64 (Steele and others, OOPSLA 2014), which is a bijection.
        var mixed = id.rawValue &+ key
        mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
        write(mixed ^ mixed &>> 31, at: 16)
    }

    /// The id of a request as text; changes `span` to it as well.
    func text(of id: RequestID) -> String {
        set(id)
        return unsafe String(decoding: UnsafeBufferPointer(start: digits, count: Self.count), as: UTF8.self)
    }

    private func write(_ number: UInt64, at start: Int) {
        let halves = [Self.digits(of: number >> 32), Self.digits(of: number & 0xffff_ffff)] as InlineArray<2, UInt64>
        unsafe UnsafeMutableRawPointer(digits + start).storeBytes(of: halves[0].bigEndian, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(digits + start + 8).storeBytes(of: halves[1].bigEndian, as: UInt64.self)
    }

    /// The eight digits of 32 bits, the first in the highest byte.
    private static func digits(of bits: UInt64) -> UInt64 {
        // Spread to four bits per byte.
        var nibbles = (bits & 0xffff_0000) << 16 | bits & 0xffff
        nibbles = (nibbles & 0x0000_ff00_0000_ff00) << 8 | nibbles & 0x0000_00ff_0000_00ff
        nibbles = (nibbles & 0x00f0_00f0_00f0_00f0) << 4 | nibbles & 0x000f_000f_000f_000f
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }
}
