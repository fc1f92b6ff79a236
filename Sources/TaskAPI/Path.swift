internal import Base

/// The path of a raw target: split first and decoded later, so that an encoded `/` never splits.
///
/// One trailing slash is dropped. Ambiguous forms are refused: empty segments, `.` and `..`, malformed escapes, U+0000,
/// control characters, bytes that are not UTF-8.
struct Path: ~Escapable {
    /// The number of segments of the longest route.
    static let maximumCount = 5

    /// The index of the user's segment, in every route that has one.
    static let userSegment = 1
    /// The index of the task's segment, in every route that has one.
    static let taskSegment = 3

    private let target: Span<UInt8>
    /// The range of each segment in the target.
    private var segments = InlineArray<5, Range<Int>>(repeating: 0..<0)
    /// The number of segments.
    private(set) var count = 0
    /// The end of the path in the target: at the `?` or at the target's end.
    private(set) var end = 0
    /// Whether the path has percent-encoded bytes.
    private var isEncoded = false

    /// Splits a target's path, in one pass.
    @_lifetime(copy target)
    init(_ target: Span<UInt8>) throws(Problem) {
        self.target = target
        var position = try Self.start(of: target)
        // An absolute-form target without a path names the root (RFC 9112, section 3.2.2).
        if position < target.count, target[position] == UInt8(ascii: "/") {
            var isASCII = true
            repeat {
                position += 1
                let start = position
                while position < target.count, !Self.endsSegment(target[position]) {
                    if target[position] == UInt8(ascii: "%") { isEncoded = true }
                    if try Self.byte(of: target, at: &position) >= 0x80 { isASCII = false }
                }
                let isTrailing =
                    start == position && (position == target.count || target[position] == UInt8(ascii: "?"))
                if !isTrailing { try append(start..<position) }
            } while position < target.count && target[position] == UInt8(ascii: "/")
            if !isASCII { try Self.checkUTF8(of: target.extracting(0..<position)) }
        }
        end = position
    }

    private static func endsSegment(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?")
    }

    /// The range of a raw segment in the target.
    func range(of segment: Int) -> Range<Int> { segments[segment] }

    /// A segment as it was sent.
    @_lifetime(copy self)
    func raw(_ segment: Int) -> Span<UInt8> {
        target.extracting(segments[segment])
    }

    /// Whether a segment, decoded, equals a literal.
    func segment(_ segment: Int, equals literal: StaticString) -> Bool {
        self.segment(segment, equals: literal.bytes)
    }

    /// Whether a segment, decoded, equals a text in UTF-8.
    func segment(_ segment: Int, equals text: Span<UInt8>) -> Bool {
        isEncoded ? raw(segment).decodedEquals(text) : raw(segment).equals(text)
    }

    /// The start of the path: after the authority of an absolute-form target, else 0.
    private static func start(of target: Span<UInt8>) throws(Problem) -> Int {
        guard target.count > 0 else { throw .malformedTarget }
        if target[0] == UInt8(ascii: "/") { return 0 }
        let colon = target.firstIndex(of: UInt8(ascii: ":"))
        let scheme = target.extracting(0..<colon)
        guard scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https"),
            target.count - colon > 3, target[colon + 1] == UInt8(ascii: "/"), target[colon + 2] == UInt8(ascii: "/")
        else { throw .malformedTarget }
        return min(
            target.firstIndex(of: UInt8(ascii: "/"), from: colon + 3),
            target.firstIndex(of: UInt8(ascii: "?"), from: colon + 3))
    }

    private mutating func append(_ segment: Range<Int>) throws(Problem) {
        guard !segment.isEmpty, count < Self.maximumCount else { throw .noRoute }
        let text = target.extracting(segment)
        if text[0] == UInt8(ascii: ".") || text[0] == UInt8(ascii: "%"), text.isDots { throw .noRoute }
        segments[count] = segment
        count += 1
    }

    /// Decodes the byte at an index and advances it; refuses bytes that a path must not hold.
    private static func byte(of target: Span<UInt8>, at index: inout Int) throws(Problem) -> UInt8 {
        let byte = target[index]
        guard byte > 0x20, byte != 0x7F else { throw .malformedTarget }
        index += 1
        guard byte == UInt8(ascii: "%") else { return byte }
        guard let escaped = target.escapedByte(after: index), escaped != 0 else { throw .malformedTarget }
        index += 2
        return escaped
    }

    /// A pass of its own, since almost all paths are ASCII.
    private static func checkUTF8(of path: Span<UInt8>) throws(Problem) {
        let decoded = path.decoded()
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: decoded.span)
        } catch {
            throw .malformedTarget
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes, decoded, are `.` or `..`.
    fileprivate var isDots: Bool {
        decodedEquals(StaticString(".").bytes) || decodedEquals(StaticString("..").bytes)
    }
}
