internal import Base

/// The pairs of a query string, still form-encoded.
struct QueryParameters: ~Escapable {
    private let bytes: Span<UInt8>
    private var position: Int

    /// A pair as it was sent; a pair without `=` has an empty value.
    struct Pair: ~Escapable {
        let name: Span<UInt8>
        let value: Span<UInt8>

        @_lifetime(copy name, copy value)
        init(name: Span<UInt8>, value: Span<UInt8>) {
            self.name = name
            self.value = value
        }
    }

    /// Reads the query of a target whose path ends at an index: at its `?`, or at the end.
    @_lifetime(copy target)
    init(of target: Span<UInt8>, pathEnd: Int) {
        bytes = target
        position = pathEnd + 1
    }

    /// The next pair; nil at the end.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func next() -> Pair? {
        guard position < bytes.count else { return nil }
        let end = bytes.firstIndex(of: UInt8(ascii: "&"), from: position)
        // Searched within the pair only: searching the rest would take quadratic time for pairs without `=`.
        let whole = bytes.extracting(position..<end)
        let equals = whole.firstIndex(of: UInt8(ascii: "="))
        let pair = Pair(
            name: whole.extracting(0..<equals), value: whole.extracting(min(equals + 1, whole.count)..<whole.count))
        position = end + 1
        return pair
    }
}

/// A short name or value of a query, decoded and folded, so that one comparison covers all its spellings.
///
/// `sort_by`, `sortBy` and `SORT_BY` are equal: letters are lowercased and underscores dropped.
struct FoldedWord {
    private var bytes = InlineArray<24, UInt8>(repeating: 0)
    private var count = 0

    /// Decodes and folds a word; one longer than every known word becomes the empty word.
    init(_ encoded: Span<UInt8>) {
        var decoder = PercentDecoder(encoded, plusIsSpace: true)
        while let byte = decoder.next() {
            if byte == UInt8(ascii: "_") { continue }
            guard count < 24 else {
                count = 0
                return
            }
            bytes[count] = byte.lowercased
            count += 1
        }
    }

    /// Whether the word equals a folded literal.
    static func ~= (literal: StaticString, word: FoldedWord) -> Bool {
        let literal = literal.bytes
        guard literal.count == word.count else { return false }
        for index in literal.indices where literal[index] != word.bytes[index] { return false }
        return true
    }

    /// Removes a suffix; whether it was there.
    mutating func drop(ending literal: StaticString) -> Bool {
        let literal = literal.bytes
        guard count > literal.count else { return false }
        let start = count - literal.count
        for index in literal.indices where literal[index] != bytes[start + index] { return false }
        count = start
        return true
    }
}
