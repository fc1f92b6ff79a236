internal import Base

extension ByteWriter {
    /// Appends `Location` of a new task, relative to the host that the client uses.
    ///
    /// - Parameter user: the user's segment as it was in the request.
    mutating func appendLocation(user: Span<UInt8>, id: Int64) {
        append("Location: /api/")
        for index in user.indices { appendInPath(user[index]) }
        append("/tasks/")
        appendDecimal(id)
        append("\r\n")
    }

    /// Appends a byte of a raw segment: characters not allowed in a path are escaped, existing escapes stay.
    private mutating func appendInPath(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "%"):
            append(byte)
        default:
            let digits = StaticString("0123456789ABCDEF").bytes
            append(UInt8(ascii: "%"))
            append(digits[Int(byte >> 4)])
            append(digits[Int(byte & 15)])
        }
    }
}
