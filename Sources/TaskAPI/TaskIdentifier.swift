internal import Base
internal import Tasks

/// A task's id as a path names it.
enum TaskIdentifier: Equatable {
    /// An id that a task may have.
    case number(Int64)
    /// A whole number that no task has as its id.
    case outOfRange
    /// Not a whole number.
    case malformed

    /// Reads a raw segment: decimal digits, after a minus sign at most.
    init(_ segment: Span<UInt8>) {
        var decoder = PercentDecoder(segment)
        var value: Int64 = 0
        var hasDigits = false
        var isNegative = false
        while let byte = decoder.next() {
            if byte == UInt8(ascii: "-"), !hasDigits, !isNegative {
                isNegative = true
            } else if byte.isDigit {
                hasDigits = true
                // Saturates above the largest id, so it cannot overflow.
                value = min(value * 10 + Int64(byte - UInt8(ascii: "0")), TaskLimits.identifiers.upperBound + 1)
            } else {
                self = .malformed
                return
            }
        }
        if !hasDigits {
            self = .malformed
        } else {
            self = !isNegative && TaskLimits.identifiers.contains(value) ? .number(value) : .outOfRange
        }
    }
}
