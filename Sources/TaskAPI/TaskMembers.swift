internal import JSON
internal import Tasks

/// The members of a body: the last of each name, validated; whether one is required is not checked here.
struct TaskMembers {
    /// The type of the body's value.
    enum Shape {
        case absent, object, null, other
    }

    /// A member of one type.
    enum Member<Value> {
        case absent
        case null
        case value(Value)
        case wrong(FieldError.Kind)
    }

    private(set) var shape = Shape.absent
    private(set) var title = Member<String>.absent
    private(set) var description = Member<String>.absent
    private(set) var completed = Member<Bool>.absent
    private(set) var isCompleted = Member<Bool>.absent

    /// Creates the members of an absent body.
    init() {}

    /// Reads the whole body; throws if it is not JSON.
    init(_ body: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(body)
        if try reader.beginObject() {
            shape = .object
            while let name = try reader.nextMember() {
                switch name {
                case "title":
                    title = try .text(&reader, atMost: TaskLimits.titleCodePoints, else: .titleTooLong)
                    if case .value(let text) = title, text.isBlank { title = .wrong(.blank) }
                case "description":
                    description = try .text(
                        &reader, atMost: TaskLimits.descriptionCodePoints, else: .descriptionTooLong)
                case "completed": completed = try .boolean(&reader)
                case "is_completed": isCompleted = try .boolean(&reader)
                default: break
                }
            }
        } else {
            shape = try reader.readNull() ? .null : .other
        }
        try reader.finish()
    }
}

extension TaskMembers.Member where Value == String {
    fileprivate static func text(
        _ reader: inout JSONReader, atMost maximum: Int, else tooLong: FieldError.Kind
    ) throws(JSONError) -> Self {
        guard let text = try reader.readText() else {
            return try reader.readNull() ? .null : .wrong(.notAString)
        }
        if text.containsNUL { return .wrong(.holdsNull) }
        // Counted before it is copied, so that a text that is too long costs no memory.
        return text.codePointCount > maximum ? .wrong(tooLong) : .value(String(text))
    }
}

extension TaskMembers.Member where Value == Bool {
    fileprivate static func boolean(_ reader: inout JSONReader) throws(JSONError) -> Self {
        if let value = try reader.readBoolean() { return .value(value) }
        return try reader.readNull() ? .null : .wrong(.notABoolean)
    }
}

extension TaskMembers.Member {
    /// The value, if there is one; an error is appended.
    func value(at location: FieldError.Location, errors: inout [FieldError]) -> Value? {
        switch self {
        case .absent, .null: return nil
        case .value(let value): return value
        case .wrong(let kind):
            errors.append(FieldError(location, kind))
            return nil
        }
    }
}

extension String {
    /// Whether the text is empty or all white space.
    fileprivate var isBlank: Bool {
        unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }
}
