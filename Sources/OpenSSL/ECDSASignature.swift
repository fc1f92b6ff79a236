/// Converts ECDSA signatures from JOSE's form, two numbers of fixed length, to DER, as OpenSSL requires.
enum ECDSASignature {
    /// The DER form (RFC 3279, section 2.2.3) of two numbers of equal length; nil when their length is odd or 0.
    ///
    /// OpenSSL checks the range of the numbers.
    static func der(_ numbers: Span<UInt8>) -> [UInt8]? {
        let half = numbers.count / 2
        guard half > 0, numbers.count == half * 2 else { return nil }
        var content: [UInt8] = []
        content.reserveCapacity(numbers.count + 8)
        appendInteger(numbers.extracting(0..<half), to: &content)
        appendInteger(numbers.extracting(half..<half * 2), to: &content)
        // SEQUENCE; two numbers of 66 bytes make at most 138, so one byte of length is enough.
        guard content.count < 256 else { return nil }
        return (content.count < 128 ? [0x30] : [0x30, 0x81]) + [UInt8(content.count)] + content
    }

    private static func appendInteger(_ number: Span<UInt8>, to content: inout [UInt8]) {
        var start = 0
        while start < number.count - 1, number[start] == 0 { start += 1 }
        let digits = number.extracting(start..<number.count)
        // A set high bit would mean a negative number.
        let sign = digits[0] >> 7
        content.append(0x02)
        content.append(UInt8(digits.count) + sign)
        if sign == 1 { content.append(0) }
        for index in digits.indices { content.append(digits[index]) }
    }
}
