extension UInt8 {
    /// Whether it is an ASCII digit.
    public var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// The value of a hexadecimal digit in ASCII; nil for any other byte.
    public var hexadecimalValue: UInt8? {
        if isDigit { return self - UInt8(ascii: "0") }
        let letter = self | 0x20
        return letter &- UInt8(ascii: "a") < 6 ? letter - UInt8(ascii: "a") + 10 : nil
    }

    /// The hexadecimal digit, in ASCII and lower case, of a value below 16.
    public var hexadecimalDigit: UInt8 {
        self &+ (self < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }
}

extension String {
    /// A number with zeros in front where it has fewer digits than wanted.
    public init(_ number: some UnsignedInteger, minimumDigits: Int, radix: Int = 10) {
        let digits = String(number, radix: radix)
        self = String(repeating: "0", count: Swift.max(0, minimumDigits - digits.utf8.count)) + digits
    }
}
