/// Reads one JSON text (RFC 8259, strictly) value by value, borrowing its bytes.
///
/// The caller asks for what it expects, in the order of the text:
/// ```
/// var reader = JSONReader(body)
/// guard try reader.beginObject() else { … another kind of value … }
/// while let name = try reader.nextMember() {
///     switch name {
///     case "title": title = try reader.readString()
///     default: break
///     }
/// }
/// try reader.finish()
/// ```
/// It throws when the text is not JSON. A value of another kind than the requested one is no error: the result is nil
/// (or false) and the value stays unread; it can be read as another kind, and a value still unread when the reader
/// moves on is validated and skipped. So `finish` may be called at any time, and a syntax error anywhere in the text is
/// found before the caller uses the values.
///
/// A name may occur more than once; the caller decides what that means. A call that does not fit the reader's position
/// (`nextMember` in an array) is a defect of the caller and traps. After an error every further call throws.
public struct JSONReader: ~Escapable {
    /// What a value is.
    public enum Kind: Equatable, Sendable {
        case object, array, string, number, boolean, null
    }

    /// What follows next, apart from white space.
    enum Expectation {
        case value
        case firstItemOrEnd
        case separatorOrEnd
    }

    let text: Span<UInt8>
    var position = 0
    var expectation = Expectation.value
    /// How many arrays and objects are open.
    var depth = 0
    /// A bit for each open array or object, the innermost lowest: set for an object.
    var objects: UInt64 = 0
    let maximumDepth: Int

    /// Starts before the one value of a text.
    ///
    /// - Parameter text: invalid UTF-8 makes reading throw.
    /// - Parameter maximumDepth: at most 64, since each open array or object has one bit of a word.
    @_lifetime(copy text)
    public init(_ text: Span<UInt8>, maximumDepth: Int = 64) {
        precondition(0...64 ~= maximumDepth, "at most 64 levels are supported")
        self.text = text
        self.maximumDepth = maximumDepth
    }
}

extension JSONReader {
    /// The kind of the next value, by its first byte; the value stays unread.
    public mutating func kind() throws(JSONError) -> Kind {
        precondition(expectation == .value, "no value comes next")
        switch try nextByte() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case 0xef where position == 0: throw fail(.byteOrderMark)
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): throw fail(.unknownWord)
        default: throw fail(.unexpectedByte)
        }
    }

    /// Enters the next value if it is an object; its members follow by `nextMember`.
    public mutating func beginObject() throws(JSONError) -> Bool {
        guard try kind() == .object else { return false }
        try enter(object: true)
        return true
    }

    /// Enters the next value if it is an array; its elements follow by `nextElement`.
    public mutating func beginArray() throws(JSONError) -> Bool {
        guard try kind() == .array else { return false }
        try enter(object: false)
        return true
    }

    /// Moves to the next member of the object last entered and returns its name, or leaves the object and returns nil.
    ///
    /// The member's value is next; if it is left unread, it is skipped.
    @_lifetime(copy self)
    public mutating func nextMember() throws(JSONError) -> JSONText? {
        precondition(isInObject, "no object is open")
        guard try advance(closing: UInt8(ascii: "}")) else { return nil }
        return try memberName()
    }

    /// Moves to the next element of the array last entered, or leaves the array and returns false.
    ///
    /// The element is next; if it is left unread, it is skipped.
    public mutating func nextElement() throws(JSONError) -> Bool {
        precondition(depth > 0 && !isInObject, "no array is open")
        guard try advance(closing: UInt8(ascii: "]")) else { return false }
        expectation = .value
        return true
    }

    /// Skips and validates the next value of any kind.
    public mutating func skipValue() throws(JSONError) {
        let outer = depth
        try passValueOrEnter()
        try leave(to: outer)
    }

    /// Validates the unread rest; only white space may follow the one value.
    public mutating func finish() throws(JSONError) {
        if expectation == .value {
            try skipValue()
        }
        try leave(to: 0)
        skipWhiteSpace()
        guard position == text.count else { throw fail(.unexpectedByte) }
    }
}

extension JSONReader {
    private var isInObject: Bool {
        depth > 0 && objects & 1 == 1
    }

    private mutating func enter(object: Bool) throws(JSONError) {
        guard depth < maximumDepth else { throw fail(.tooDeep) }
        position += 1
        depth += 1
        objects = objects << 1 | (object ? 1 : 0)
        expectation = .firstItemOrEnd
    }

    /// Moves to the next item, or past the closing byte; false for the latter.
    private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
        if expectation == .value {
            try skipValue()
        }
        let next = try nextByte()
        if next == closing {
            position += 1
            depth -= 1
            objects >>= 1
            expectation = .separatorOrEnd
            return false
        }
        if expectation == .separatorOrEnd {
            guard next == UInt8(ascii: ",") else { throw fail(.unexpectedByte) }
            position += 1
        }
        return true
    }

    @_lifetime(copy self)
    private mutating func memberName() throws(JSONError) -> JSONText {
        guard try nextByte() == UInt8(ascii: "\"") else { throw fail(.unexpectedByte) }
        let name = try scanString()
        guard try nextByte() == UInt8(ascii: ":") else { throw fail(.unexpectedByte) }
        position += 1
        expectation = .value
        return name
    }

    /// Skips a scalar value, or enters an array or object.
    private mutating func passValueOrEnter() throws(JSONError) {
        switch try kind() {
        case .object: try enter(object: true)
        case .array: try enter(object: false)
        case .string: _ = try readText()
        case .number: _ = try readNumber()
        case .boolean: _ = try readBoolean()
        case .null: _ = try readNull()
        }
    }

    /// Skips the rest of all open arrays and objects down to a depth; a loop, since the text determines the nesting.
    private mutating func leave(to outer: Int) throws(JSONError) {
        while depth > outer {
            if isInObject {
                guard let _ = try nextMember() else { continue }
            } else {
                guard try nextElement() else { continue }
            }
            try passValueOrEnter()
        }
    }

    /// The next byte that is not white space; it stays unread.
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        skipWhiteSpace()
        guard position < text.count else { throw fail(.unexpectedEnd) }
        return text[position]
    }

    private mutating func skipWhiteSpace() {
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    /// Makes an error, by default at the current position; every further call throws.
    mutating func fail(_ reason: JSONError.Reason, at offset: Int? = nil) -> JSONError {
        let error = JSONError(reason: reason, offset: offset ?? position)
        position = text.count
        expectation = .value
        return error
    }
}
