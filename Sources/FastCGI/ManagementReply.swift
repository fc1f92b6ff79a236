/// Replies to management records (FastCGI 1.0, section 4), which web servers rarely send.
enum ManagementReply {
    /// The same values as libfcgi's: one connection and one request at a time.
    private static let values: [(name: String, value: String)] = [
        ("FCGI_MAX_CONNS", "1"), ("FCGI_MAX_REQS", "1"), ("FCGI_MPXS_CONNS", "0"),
    ]

    /// GET_VALUES_RESULT with those of the variables asked for that are known, each once; nil for malformed pairs.
    static func values(askedFor content: [UInt8]) -> [UInt8]? {
        var asked: [String] = []
        var rest = content[...]
        while !rest.isEmpty {
            guard let nameLength = popLength(&rest), let valueLength = popLength(&rest),
                nameLength <= rest.count, valueLength <= rest.count - nameLength
            else { return nil }
            asked.append(String(decoding: rest.prefix(nameLength), as: UTF8.self))
            rest = rest.dropFirst(nameLength + valueLength)
        }
        var pairs: [UInt8] = []
        for (name, value) in values where asked.contains(name) {
            pairs += [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
        }
        return record(.getValuesResult, requestID: 0, pairs)
    }

    /// A length of one byte, or of four with the highest bit set.
    private static func popLength(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard let first = bytes.popFirst() else { return nil }
        guard first >= 0x80 else { return Int(first) }
        guard bytes.count >= 3 else { return nil }
        defer { bytes = bytes.dropFirst(3) }
        return bytes.prefix(3).reduce(Int(first & 0x7F)) { $0 << 8 | Int($1) }
    }

    /// UNKNOWN_TYPE: this kind of record is not supported.
    static func unknownType(_ kind: UInt8) -> [UInt8] {
        record(.unknownType, requestID: 0, [kind, 0, 0, 0, 0, 0, 0, 0])
    }

    /// END_REQUEST for a second request on a busy connection: CANT_MPX_CONN.
    static func cannotMultiplex(_ requestID: UInt16) -> [UInt8] {
        record(.endRequest, requestID: requestID, [0, 0, 0, 0, 1, 0, 0, 0])
    }

    private static func record(_ kind: RecordHeader.Kind, requestID: UInt16, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(RecordHeader(kind, requestID: requestID, contentLength: content.count))
        return bytes + content
    }
}
