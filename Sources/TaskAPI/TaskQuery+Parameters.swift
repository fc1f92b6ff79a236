internal import Base
internal import Tasks

/// A list's filters, order and page, in all spellings that clients use.
extension TaskQuery {
    /// Reads a query string.
    ///
    /// Unknown names and values are ignored; of several spellings of one parameter, the last counts. Numbers are
    /// clamped to the largest id, so that their sums cannot overflow.
    init(_ parameters: consuming QueryParameters, countsAll: Bool) {
        self.init(countsAll: countsAll)
        var order: Order?
        var skipped: Int64 = 0
        var page: Int64?
        while let pair = parameters.next() {
            switch FoldedWord(pair.name) {
            case "completed": if let value = Bool(query: pair.value) { completed = value }
            case "status": read(status: FoldedWord(pair.value))
            case "search", "q": if let text = String(search: pair.value) { search = text }
            case "sort", "sortby": read(sort: FoldedWord(pair.value), order: &order)
            case "order", "sortorder": if let value = Order(FoldedWord(pair.value)) { order = value }
            case "limit", "pagesize": if let value = Int64(query: pair.value), value > 0 { limit = value }
            case "offset", "skip": if let value = Int64(query: pair.value) { skipped = value }
            case "page": if let value = Int64(query: pair.value), value > 0 { page = value }
            default: break
            }
        }
        // By default titles are ascending, and times descending: newest first.
        self.order = order ?? (sort == .title ? .ascending : .descending)
        offset = skipped
        if let page {
            let size = limit ?? Self.defaultPageSize
            let (product, overflow) = (page - 1).multipliedReportingOverflow(by: size)
            limit = size
            offset = overflow ? Int64.largestInQuery : min(product, .largestInQuery)
        }
    }

    /// The page size where a client gives a page but no size.
    static let defaultPageSize: Int64 = 20

    private mutating func read(status: FoldedWord) {
        switch status {
        case "all": completed = nil
        case "pending", "active", "todo", "open": completed = false
        case "completed", "done": completed = true
        default: break
        }
    }

    private mutating func read(sort word: FoldedWord, order: inout Order?) {
        var word = word
        var direction: Order?
        if word.drop(ending: "desc") {
            direction = .descending
        } else if word.drop(ending: "asc") {
            direction = .ascending
        }
        switch word {
        case "createdat", "created": sort = .createdAt
        case "updatedat", "updated": sort = .updatedAt
        case "title": sort = .title
        default: return
        }
        if let direction { order = direction }
    }
}

extension TaskQuery.Order {
    fileprivate init?(_ word: FoldedWord) {
        switch word {
        case "asc", "ascending": self = .ascending
        case "desc", "descending": self = .descending
        default: return nil
        }
    }
}

extension Bool {
    fileprivate init?(query value: Span<UInt8>) {
        switch FoldedWord(value) {
        case "true", "1": self = true
        case "false", "0": self = false
        default: return nil
        }
    }
}

extension Int64 {
    /// The upper limit of a query's numbers.
    fileprivate static var largestInQuery: Int64 { TaskLimits.identifiers.upperBound }

    /// Reads decimal digits; nil for any other text, signs included.
    fileprivate init?(query value: Span<UInt8>) {
        var decoder = PercentDecoder(value)
        var number: Int64?
        while let byte = decoder.next() {
            guard byte.isDigit else { return nil }
            number = Swift.min((number ?? 0) * 10 + Int64(byte - UInt8(ascii: "0")), .largestInQuery)
        }
        guard let number else { return nil }
        self = number
    }
}

extension String {
    /// Reads a search text; nil where it is empty or holds U+0000, which no task does.
    fileprivate init?(search value: Span<UInt8>) {
        let bytes = value.decoded(plusIsSpace: true)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        self.init(decoding: bytes, as: UTF8.self)
    }
}
