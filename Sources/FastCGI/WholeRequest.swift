extension Span<UInt8> {
    /// Whether the bytes are exactly one whole request: BEGIN_REQUEST, PARAMS and STDIN with their ends.
    ///
    /// Nearly every request arrives like this. `PartialRequest` parses all other bytes, valid or not.
    var isOneWholeRequest: Bool {
        guard count >= RecordHeader.size else { return false }
        let first = header(at: 0)
        guard first.kind == .beginRequest, first.contentLength == 8, first.requestID != 0 else { return false }
        var offset = 0
        var expected = RecordHeader.Kind.beginRequest
        while count - offset >= RecordHeader.size {
            let header = header(at: offset)
            guard header.version == 1, header.kindByte == expected.rawValue, header.requestID == first.requestID else {
                return false
            }
            offset += RecordHeader.size + header.contentLength + header.paddingLength
            guard offset <= count else { return false }
            switch expected {
            case .beginRequest: expected = .parameters
            case .parameters where header.contentLength == 0: expected = .standardInput
            case .standardInput where header.contentLength == 0: return offset == count
            default: break
            }
        }
        return false
    }

    /// The header whose first byte is at an offset; all eight are there.
    private func header(at offset: Int) -> RecordHeader {
        RecordHeader(word: UInt64(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
}
