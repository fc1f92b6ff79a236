import Base
import JWT
import PoolMetrics

extension ByteWriter {
    /// Adds the header `Server-Timing` (W3C Server Timing), in milliseconds.
    ///
    /// The phase `write` is missing: its time is known only after the answer was written.
    mutating func appendTiming(_ phases: Phases) {
        append("Server-Timing: queue;dur=")
        append(milliseconds: phases.queue)
        append(", verify;dur=")
        append(milliseconds: phases.verify)
        append(", database;dur=")
        append(milliseconds: phases.database)
        append("\r\n")
    }

    /// Adds the header `X-User-Hash`, which nginx logs and removes.
    mutating func append(userHash digits: UserHashes.Digits) {
        append("X-User-Hash: ")
        append(digits.span)
        append("\r\n")
    }

    private mutating func append(milliseconds nanoseconds: UInt64) {
        let microseconds = Int64(nanoseconds / 1_000)
        appendDecimal(microseconds / 1_000)
        append(UInt8(ascii: "."))
        appendDecimal(microseconds % 1_000, minimumDigits: 3)
    }
}
