internal import Base

/// The path of a raw target: split first and decoded later, so that an encoded `/` never splits.
///
/// One trailing slash is dropped. The odd forms by which one path could pass for another are refused: empty segments,
/// `.` and `..`, escapes that are none, U+0000, control characters, bytes that are not UTF-8.
struct Path: ~Escapable {
    /// As many segments as the longest route has.
    static let maximumCount = 5

    /// Which segment names the user, on every route that has one.
    static let userSegment = 1
    /// Which segment names the task, on every route that has one.
    static let taskSegment = 3

    private let target: Span<UInt8>
    /// Where each segment lies in the target.
    private var segments = InlineArray<5, Range<Int>>(repeating: 0..<0)
    /// How many segments there are.
    private(set) var count = 0
    /// Where the path ends in the target: at the `?` or at the end.
    private(set) var end = 0
    /// Whether anything in it is percent-encoded.
    private var isEncoded = false

    /// Splits a target's path, in one pass over it.
    @_lifetime(copy target)
    init(_ target: Span<UInt8>) throws(Problem) {
        self.target = target
        var position = try Self.start(of: target)
        // An absolute target without any path is the root's (RFC 9112, section 3.2.2).
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

    /// Where a segment lies in the target, raw.
    func range(of segment: Int) -> Range<Int> { segments[segment] }

    /// A segment as it arrived.
    @_lifetime(copy self)
    func raw(_ segment: Int) -> Span<UInt8> {
        target.extracting(segments[segment])
    }

    /// Whether a segment, decoded, is a literal.
    func segment(_ segment: Int, equals literal: StaticString) -> Bool {
        self.segment(segment, equals: literal.bytes)
    }

    /// Whether a segment, decoded, is a text in UTF-8.
    func segment(_ segment: Int, equals text: Span<UInt8>) -> Bool {
        isEncoded ? raw(segment).decodedEquals(text) : raw(segment).equals(text)
    }

    /// Where the path begins: after the authority of an absolute-form target, else at 0.
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

    /// The byte, decoded, at an index that moves to the next one; what no path may hold is refused.
    private static func byte(of target: Span<UInt8>, at index: inout Int) throws(Problem) -> UInt8 {
        let byte = target[index]
        guard byte > 0x20, byte != 0x7F else { throw .malformedTarget }
        index += 1
        guard byte == UInt8(ascii: "%") else { return byte }
        guard let escaped = target.escapedByte(after: index), escaped != 0 else { throw .malformedTarget }
        index += 2
        return escaped
    }

    /// Kept out of the pass: hardly any path goes beyond ASCII.
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
