import Testing

@testable import FastCGI

extension FastCGITests {
    @Suite("Requests collected from pieces")
    struct PartialRequestTests {
        /// Gives a request a stream of records, in pieces of this size, until it takes no more.
        private func take(_ bytes: [UInt8], into partial: PartialRequest, inPiecesOf size: Int = 65_536) -> Int {
            var offset = 0
            while offset < bytes.count {
                let piece = Array(bytes[offset..<min(offset + size, bytes.count)])
                let taken = partial.take(piece.span)
                offset += taken
                if taken < piece.count { break }
            }
            return offset
        }

        @Test("A request is whole at its last byte, with any bytes after it", arguments: [1, 7, 8, 64, 65_536])
        func end(size: Int) {
            var call = Call("POST", "/", body: [UInt8](repeating: 7, count: 1_000))
            call.recordSize = 10
            let partial = PartialRequest(bodyLimit: 2_000)
            #expect(take(Array(call.bytes.dropLast()), into: partial, inPiecesOf: size) == call.bytes.count - 1)
            #expect(partial.state == .open && partial.hasParameters)
            #expect(take([call.bytes.last ?? 0] + call.bytes, into: partial) == 1)
            #expect(partial.state == .whole)
        }

        @Test("Of a body of 50 MB one byte more than the limit is kept, and the rest counted")
        func largeBody() {
            let partial = PartialRequest(bodyLimit: 100_000)
            _ = take(Call("POST", "/").head, into: partial)
            let head = partial.keptByteCount
            let record = Record.make(.input, [UInt8](repeating: 7, count: 65_000), padding: 200)
            for _ in 0..<800 { #expect(take(record, into: partial) == record.count) }
            #expect(partial.keptByteCount - head <= 100_001 + 2 * 8)
            #expect(partial.omittedBodyBytes == 800 * 65_000 - 100_001)
            #expect(take(Call().end, into: partial) == 8)
            #expect(partial.state == .whole)
        }

        @Test("Records of one byte and much padding take no more memory than their content")
        func smallRecords() {
            let partial = PartialRequest(bodyLimit: 100_000)
            _ = take(Call("POST", "/").head, into: partial)
            let head = partial.keptByteCount
            let record = Record.make(.input, [7], padding: 255)
            for _ in 0..<70_000 { _ = take(record, into: partial) }
            #expect(partial.keptByteCount - head == 70_000 + 2 * 8)
        }

        @Test("Parameters beyond 256 KiB are refused before they arrive")
        func parameters() {
            let partial = PartialRequest(bodyLimit: 0)
            _ = take(Record.begin(), into: partial)
            let record = Record.make(.parameters, [UInt8](repeating: 65, count: 65_535))
            for _ in 0..<4 { #expect(take(record, into: partial) == record.count) }
            #expect(partial.state == .open)
            _ = take(Array(Record.make(.parameters, [1, 2, 3, 4, 5]).prefix(8)), into: partial)
            #expect(partial.state == .malformed)
        }

        @Test("Records of other requests, and management records, are not kept")
        func otherRecords() {
            let partial = PartialRequest(bodyLimit: 1_000)
            let strangers =
                Record.make(.abort, []) + Record.make(.input, [1, 2, 3], id: 9, padding: 5) + Record.make(.data, [])
            #expect(take(strangers, into: partial, inPiecesOf: 5) == strangers.count)
            #expect(partial.isEmpty && partial.state == .open)
        }
    }
}
