import Tasks

/// Rows in one block of memory, as in a database's result; every fourth has no description.
struct FixedRows: TaskRows {
    let count: Int
    let total: Int64? = nil
    private let bytes: [UInt8]
    private let title: Range<Int>
    private let description: Range<Int>

    init(count: Int) {
        self.count = count
        let texts = [
            "Buy oat milk and bread, trip 12", "Two litres of the barista kind, and the dark rye from the corner.",
        ]
        bytes = Array(texts.joined().utf8)
        title = 0..<texts[0].utf8.count
        description = texts[0].utf8.count..<bytes.count
    }

    @_lifetime(borrow self)
    func row(at position: Int) -> TaskRow {
        var text: Span<UInt8>?
        if position % 4 < 3 { text = bytes.span.extracting(description) }
        let created = Timestamp(microsecondsSinceEpoch: 1_764_000_000_123_456 + Int64(position) * 3_607_013_000)
        return TaskRow(
            id: Int64(position + 1), title: bytes.span.extracting(title), description: text,
            completed: position % 3 == 0, createdAt: created,
            updatedAt: Timestamp(microsecondsSinceEpoch: created.microsecondsSinceEpoch + 60_000_000),
            change: Int64(position + 1))
    }
}
