/// The eight bytes that begin a record (FastCGI 1.0, section 3.3), as one number in network byte order.
struct RecordHeader: Equatable {
    enum Kind: UInt8 {
        case beginRequest = 1
        case endRequest = 3
        case parameters = 4
        case standardInput = 5
        case standardOutput = 6
        case getValues = 9
        case getValuesResult = 10
        case unknownType = 11
    }

    static var size: Int { 8 }
    /// The most content of a record that is sent: the largest multiple of eight that fits into its length.
    static var maximumContent: Int { 65_528 }

    private(set) var word: UInt64

    /// A record of version 1 without padding.
    init(_ kind: Kind, requestID: UInt16, contentLength: Int) {
        word = 1 << 56 | UInt64(kind.rawValue) << 48 | UInt64(requestID) << 32 | UInt64(contentLength) << 16
    }

    /// Takes the eight bytes as a number in network byte order.
    init(word: UInt64) {
        self.word = word
    }

    var version: UInt8 { UInt8(truncatingIfNeeded: word >> 56) }
    var kindByte: UInt8 { UInt8(truncatingIfNeeded: word >> 48) }
    /// Nil for a kind that no peer may send.
    var kind: Kind? { Kind(rawValue: kindByte) }
    /// 0 in a management record.
    var requestID: UInt16 { UInt16(truncatingIfNeeded: word >> 32) }
    var contentLength: Int { Int(UInt16(truncatingIfNeeded: word >> 16)) }
    var paddingLength: Int { Int(UInt8(truncatingIfNeeded: word >> 8)) }

    /// The bytes in network byte order.
    var bigEndian: UInt64 { word.bigEndian }
}

extension [UInt8] {
    /// Adds a record's header.
    mutating func append(_ header: RecordHeader) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: header.word >> UInt64(shift)))
        }
    }
}
