internal import CLinux
internal import Glibc

/// A request that arrives in pieces, collected until libfcgi can read it without waiting.
///
/// It keeps only the request's records, rewritten without padding, and at most one byte of the body above the limit.
final class PartialRequest {
    enum State {
        /// Not complete yet.
        case open
        case whole
        case malformed
    }

    /// What happens to a record's content.
    private enum Use {
        case keep(RecordHeader.Kind)
        case answer(kind: UInt8)
        case drop
    }

    /// nginx sends all parameters of a request in one record, so 64 KiB at most.
    static var maximumParameterBytes: Int { 256 << 10 }

    private(set) var state = State.open
    /// Replies to management records.
    private(set) var replies: [UInt8] = []
    /// How many bytes of the body were left out.
    private(set) var omittedBodyBytes = 0

    /// The received part of the request.
    private var records: [UInt8] = []
    private var requestID: UInt16 = 0
    /// The kind of the request's next record; BEGIN_REQUEST before the request has begun.
    private var expected = RecordHeader.Kind.beginRequest
    private var parameterBytes = 0
    private var bodyBytes = 0
    private let bodyLimit: Int

    // The record that is arriving.
    private var headerWord: UInt64 = 0
    private var headerCount = 0
    private var use = Use.drop
    private var contentLeft = 0
    private var paddingLeft = 0
    /// The content of a management record.
    private var question: [UInt8] = []
    /// The header of the last kept record, to which content of the same kind is appended.
    private var lastHeader: (kind: RecordHeader.Kind, offset: Int, length: Int)?

    init(bodyLimit: Int) {
        self.bodyLimit = bodyLimit
    }

    /// Whether no part of a request or of a record has arrived.
    var isEmpty: Bool { records.isEmpty && headerCount == 0 }
    /// Whether the handler can be called; it refuses an incomplete body itself.
    var hasParameters: Bool { expected == .standardInput }
    /// The bytes that it holds in memory.
    var keptByteCount: Int { records.count }

    // MARK: Taking pieces

    /// Takes received bytes, at most to the end of the request, and returns how many it took.
    func take(_ bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            var offset = 0
            while offset < bytes.count, state == .open {
                let count: Int
                if headerCount < RecordHeader.size {
                    count = 1
                    headerWord = unsafe headerWord << 8 | UInt64(bytes[offset])
                    headerCount += 1
                    if headerCount == RecordHeader.size { begin(RecordHeader(word: headerWord)) }
                } else if contentLeft > 0 {
                    count = min(contentLeft, bytes.count - offset)
                    contentLeft -= count
                    unsafe take(UnsafeBufferPointer(rebasing: bytes[offset..<offset + count]))
                } else {
                    count = min(paddingLeft, bytes.count - offset)
                    paddingLeft -= count
                }
                offset += count
                let isAtEnd = headerCount == RecordHeader.size && contentLeft == 0 && paddingLeft == 0
                if isAtEnd, state == .open { endRecord() }
            }
            return offset
        }
    }

    private func begin(_ header: RecordHeader) {
        contentLeft = header.contentLength
        paddingLeft = header.paddingLength
        guard header.version == 1, let use = use(of: header) else { return state = .malformed }
        self.use = use
    }

    /// What to do with a record, by its header; nil when the peer does not speak FastCGI.
    private func use(of header: RecordHeader) -> Use? {
        if header.kind == .beginRequest {
            guard header.requestID != 0, header.contentLength == 8 else { return nil }
            guard expected == .beginRequest else {
                replies += ManagementReply.cannotMultiplex(header.requestID)
                return .drop
            }
            requestID = header.requestID
            return .keep(.beginRequest)
        }
        if header.requestID == 0 { return .answer(kind: header.kindByte) }
        // A record of another request, which was refused or has ended.
        if expected == .beginRequest || header.requestID != requestID { return .drop }
        guard header.kind == expected else { return nil }
        if expected == .parameters {
            parameterBytes += header.contentLength
            guard parameterBytes <= Self.maximumParameterBytes else { return nil }
        }
        return .keep(expected)
    }

    private func take(_ content: UnsafeBufferPointer<UInt8>) {
        switch use {
        case .keep(.standardInput):
            // One byte beyond the limit shows that there was more.
            let kept = min(content.count, bodyLimit + 1 - bodyBytes)
            bodyBytes += kept
            omittedBodyBytes += content.count - kept
            if kept > 0 { unsafe keep(.standardInput, UnsafeBufferPointer(rebasing: content[..<kept])) }
        case .keep(let kind): unsafe keep(kind, content)
        case .answer: unsafe question.append(contentsOf: content)
        case .drop: break
        }
    }

    private func endRecord() {
        let isEmpty = RecordHeader(word: headerWord).contentLength == 0
        headerCount = 0
        switch use {
        case .keep(.beginRequest):
            expected = .parameters
        case .keep(let kind) where isEmpty:
            lastHeader = nil
            records.append(RecordHeader(kind, requestID: requestID, contentLength: 0))
            if kind == .parameters { expected = .standardInput } else { state = .whole }
        case .answer(let kind):
            answer(kind)
        case .keep, .drop:
            break
        }
    }

    private func answer(_ kind: UInt8) {
        defer { question = [] }
        guard kind == RecordHeader.Kind.getValues.rawValue else { return replies += ManagementReply.unknownType(kind) }
        guard let values = ManagementReply.values(askedFor: question) else { return state = .malformed }
        replies += values
    }

    /// Returns the replies and clears them.
    func takeReplies() -> [UInt8] {
        defer { replies = [] }
        return replies
    }

    // MARK: Kept records

    /// Adds content to the last record of its kind, or begins another.
    private func keep(_ kind: RecordHeader.Kind, _ content: UnsafeBufferPointer<UInt8>) {
        if let last = lastHeader, last.kind == kind, last.length + content.count <= Int(UInt16.max) {
            let length = last.length + content.count
            records[last.offset + 4] = UInt8(length >> 8)
            records[last.offset + 5] = UInt8(length & 0xFF)
            lastHeader?.length = length
        } else {
            lastHeader = (kind, records.count, content.count)
            records.append(RecordHeader(kind, requestID: requestID, contentLength: content.count))
        }
        unsafe records.append(contentsOf: content)
    }

    /// Moves the kept records into a file in memory, at offset 0; nil when the system cannot make one.
    ///
    /// The corresponding C function is `memfd_create`.
    func makeFile() -> Int32? {
        let file = unsafe memfd_create("request", UInt32(MFD_CLOEXEC))
        guard file >= 0 else { return nil }
        // `pwrite` leaves the file's position at 0.
        guard unsafe pwrite(file, records, records.count, 0) == records.count else {
            close(file)
            return nil
        }
        records = []
        return file
    }
}
