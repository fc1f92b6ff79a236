internal import CLinux
internal import Glibc

/// A request that arrives in pieces, collected until libfcgi can read it without waiting.
///
/// What is kept is the request alone, in records of our own: without padding, without what is not a part of it, and of
/// its body no more than shows that it is too large.
final class PartialRequest {
    enum State {
        /// More has to come.
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
    /// Records for the peer, which asked for something in between.
    private(set) var replies: [UInt8] = []
    /// How much of the body was left out.
    private(set) var omittedBodyBytes = 0

    /// The request as far as it has arrived.
    private var records: [UInt8] = []
    private var requestID: UInt16 = 0
    /// The kind of record that the request needs next; BEGIN_REQUEST before there is any request.
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
    /// A management record's content.
    private var question: [UInt8] = []
    /// Where the last of the kept records begins; pieces of one kind are joined.
    private var lastHeader: (kind: RecordHeader.Kind, offset: Int, length: Int)?

    init(bodyLimit: Int) {
        self.bodyLimit = bodyLimit
    }

    /// Nothing of a request and no part of a record is here.
    var isEmpty: Bool { records.isEmpty && headerCount == 0 }
    /// Enough to call the handler: an incomplete body is for it to refuse.
    var hasParameters: Bool { expected == .standardInput }
    /// The memory that it takes.
    var keptByteCount: Int { records.count }

    // MARK: Taking pieces

    /// Takes what has arrived, at most to the end of the request, and says how much that was.
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

    /// Decides by a record's header; nil when the peer does not speak FastCGI.
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
        // Of another request: one that was refused, or one that has ended.
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

    /// Gives the replies away.
    func takeReplies() -> [UInt8] {
        defer { replies = [] }
        return replies
    }

    // MARK: What is kept

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

    /// Moves what is kept into a file in memory, to be read from its beginning; nil when the system has no more of them.
    ///
    /// The corresponding C function is `memfd_create`.
    func makeFile() -> Int32? {
        let file = unsafe memfd_create("request", UInt32(MFD_CLOEXEC))
        guard file >= 0 else { return nil }
        // At an offset, which leaves the file's own position where it is.
        guard unsafe pwrite(file, records, records.count, 0) == records.count else {
            close(file)
            return nil
        }
        records = []
        return file
    }
}
