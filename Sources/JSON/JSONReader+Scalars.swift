internal import Base

extension JSONReader {
    /// Reads the next value if it is a string; nil otherwise, and it stays unread.
    @_lifetime(copy self)
    public mutating func readText() throws(JSONError) -> JSONText? {
        guard try kind() == .string else { return nil }
        let text = try scanString()
        expectation = .separatorOrEnd
        return text
    }

    /// Reads the next value if it is a string; nil otherwise, and it stays unread.
    public mutating func readString() throws(JSONError) -> String? {
        guard let text = try readText() else { return nil }
        return String(text)
    }

    /// Reads the next value if it is a number; nil otherwise, and it stays unread.
    @_lifetime(copy self)
    public mutating func readNumber() throws(JSONError) -> JSONNumber? {
        guard try kind() == .number else { return nil }
        let number = try scanNumber()
        expectation = .separatorOrEnd
        return number
    }

    /// Reads the next value if it is `true` or `false`; nil otherwise, and it stays unread.
    public mutating func readBoolean() throws(JSONError) -> Bool? {
        guard try kind() == .boolean else { return nil }
        let value = text[position] == UInt8(ascii: "t")
        try pass(value ? "true" : "false")
        return value
    }

    /// Reads the next value if it is `null`; false otherwise, and it stays unread.
    public mutating func readNull() throws(JSONError) -> Bool {
        guard try kind() == .null else { return false }
        try pass("null")
        return true
    }

    /// Skips a literal word whose first byte is present.
    private mutating func pass(_ word: StaticString) throws(JSONError) {
        let end = position + word.utf8CodeUnitCount
        guard end <= text.count else { throw fail(.unexpectedEnd, at: text.count) }
        guard text.extracting(position..<end).equals(word) else { throw fail(.unknownWord) }
        position = end
        expectation = .separatorOrEnd
    }
}

extension JSONReader {
    /// Scans a number, and computes its value if it is an integer.
    @_lifetime(copy self)
    private mutating func scanNumber() throws(JSONError) -> JSONNumber {
        let start = position
        let isNegative = text[position] == UInt8(ascii: "-")
        if isNegative {
            position += 1
        }
        var integer: Int64? = 0
        let digits = try passDigits { digit in
            // Accumulated as a negative number, since Int64's range is greater by one there.
            guard let value = integer else { return }
            let (product, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (difference, isTooLow) = product.subtractingReportingOverflow(Int64(digit))
            integer = isTooBig || isTooLow ? nil : difference
        }
        if let value = integer, !isNegative {
            integer = value == .min ? nil : -value
        }
        guard digits == 1 || text[position - digits] != UInt8(ascii: "0") else {
            throw fail(.malformedNumber, at: start)
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            integer = nil
            position += 1
            try passDigits()
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            integer = nil
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            try passDigits()
        }
        return JSONNumber(source: text.extracting(start..<position), integer: integer)
    }

    /// Skips one digit or more and returns how many.
    @discardableResult
    private mutating func passDigits(_ take: (UInt8) -> Void = { _ in }) throws(JSONError) -> Int {
        let start = position
        while position < text.count {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            take(digit)
            position += 1
        }
        guard position > start else {
            throw fail(position < text.count ? .malformedNumber : .unexpectedEnd)
        }
        return position - start
    }
}
