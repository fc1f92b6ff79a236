internal import CLinux
internal import Glibc

/// Records that are sent with one system call, without copying their content.
///
/// One instance serves all connections of a server; it is empty between calls.
@safe
final class RecordBatch {
    /// A socket of the usual size takes three of the largest records at once.
    private static var maximumRecords: Int { 8 }
    /// A header and two pieces of content for each record, and one piece for the end of the request.
    private static var maximumPieces: Int { 3 * maximumRecords + 1 }

    private let pieces: UnsafeMutableBufferPointer<iovec>
    private let headers: UnsafeMutableBufferPointer<UInt64>
    @safe @exclusivity(unchecked) private var pieceCount = 0
    private var headerCount = 0
    private var recordCount = 0
    @safe @exclusivity(unchecked) private(set) var byteCount = 0

    init() {
        unsafe pieces = .allocate(capacity: Self.maximumPieces)
        unsafe headers = .allocate(capacity: Self.maximumRecords + 3)
    }

    deinit {
        unsafe pieces.deallocate()
        unsafe headers.deallocate()
    }

    var isFull: Bool { recordCount == Self.maximumRecords }

    func removeAll() {
        (pieceCount, headerCount, recordCount, byteCount) = (0, 0, 0, 0)
    }

    /// Adds a STDOUT record with as much as fits of two buffers, and removes that from their front.
    func appendOutput(
        _ requestID: UInt16, _ first: inout UnsafeRawBufferPointer, _ second: inout UnsafeRawBufferPointer
    ) {
        let fromFirst = min(first.count, RecordHeader.maximumContent)
        let fromSecond = min(second.count, RecordHeader.maximumContent - fromFirst)
        append(RecordHeader(.standardOutput, requestID: requestID, contentLength: fromFirst + fromSecond))
        recordCount += 1
        unsafe append(UnsafeRawBufferPointer(rebasing: first[..<fromFirst]))
        unsafe append(UnsafeRawBufferPointer(rebasing: second[..<fromSecond]))
        unsafe first = UnsafeRawBufferPointer(rebasing: first[fromFirst...])
        unsafe second = UnsafeRawBufferPointer(rebasing: second[fromSecond...])
    }

    /// Adds the end of STDOUT and END_REQUEST with success.
    func appendEnd(_ requestID: UInt16) {
        append(RecordHeader(.standardOutput, requestID: requestID, contentLength: 0))
        append(RecordHeader(.endRequest, requestID: requestID, contentLength: 8))
        // Application status 0, REQUEST_COMPLETE.
        append(RecordHeader(word: 0))
    }

    /// Adds eight bytes; adjacent headers become one piece.
    private func append(_ header: RecordHeader) {
        unsafe headers[headerCount] = header.bigEndian
        let bytes = unsafe UnsafeRawBufferPointer(
            start: headers.baseAddress.map { unsafe $0 + headerCount }, count: RecordHeader.size)
        headerCount += 1
        unsafe append(bytes)
    }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        byteCount += bytes.count
        if pieceCount > 0 {
            let last = unsafe pieces[pieceCount - 1]
            if unsafe last.iov_base + last.iov_len == UnsafeMutableRawPointer(mutating: bytes.baseAddress) {
                return unsafe pieces[pieceCount - 1].iov_len += bytes.count
            }
        }
        unsafe pieces[pieceCount] = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        pieceCount += 1
    }

    /// Sends as much as the socket takes now; the number of bytes, or -1 and `errno`.
    ///
    /// The corresponding C function is `sendmsg`.
    func send(on descriptor: Int32) -> Int {
        var message = unsafe msghdr()
        unsafe message.msg_iov = pieces.baseAddress
        unsafe message.msg_iovlen = pieceCount
        return unsafe sendmsg(descriptor, &message, SocketFlags.send)
    }

    /// Copies the bytes that were not sent.
    func copy(from sent: Int, to unsent: inout UnsentBytes) {
        var skipped = sent
        for index in 0..<pieceCount {
            let piece = unsafe UnsafeRawBufferPointer(start: pieces[index].iov_base, count: pieces[index].iov_len)
            let part = min(skipped, piece.count)
            skipped -= part
            unsafe unsent.append(UnsafeRawBufferPointer(rebasing: piece[part...]))
        }
    }
}
