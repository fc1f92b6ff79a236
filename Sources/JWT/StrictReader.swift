internal import JSON

/// A JSON reader for security-relevant texts: every error is the one given failure, and duplicate members are refused.
///
/// RFC 7515, 7517 and 7519 let a reader refuse duplicates or take the last; taking the last would let two readers see
/// different users in one token.
struct StrictReader<Failure: Error>: ~Escapable {
    private var reader: JSONReader
    let failure: Failure

    /// Starts before the one value of a text.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>, failure: Failure) {
        reader = JSONReader(text, maximumDepth: TokenLimits.depth)
        self.failure = failure
    }

    /// The names of one object's members so far.
    typealias Names = Set<String>

    /// Enters the next value, which must be an object.
    mutating func beginObject() throws(Failure) {
        guard try isObject() else { throw failure }
    }

    /// Enters the next value if it is an object.
    mutating func isObject() throws(Failure) -> Bool {
        do throws(JSONError) { return try reader.beginObject() } catch { throw failure }
    }

    /// Moves to the next member and returns its name, which must not be in `names` yet; nil after the last.
    @_lifetime(copy self)
    mutating func nextMember(_ names: inout Names) throws(Failure) -> JSONText? {
        let name: JSONText?
        do throws(JSONError) { name = try reader.nextMember() } catch { throw failure }
        guard let name else { return nil }
        guard names.insert(String(name)).inserted else { throw failure }
        return name
    }

    /// Enters the next value if it is an array.
    mutating func isArray() throws(Failure) -> Bool {
        do throws(JSONError) { return try reader.beginArray() } catch { throw failure }
    }

    /// Moves to the next element; false after the last.
    mutating func nextElement() throws(Failure) -> Bool {
        do throws(JSONError) { return try reader.nextElement() } catch { throw failure }
    }

    /// Skips the next value if it is null.
    mutating func isNull() throws(Failure) -> Bool {
        do throws(JSONError) { return try reader.readNull() } catch { throw failure }
    }

    /// Reads the next value if it is a string; nil leaves it unread.
    @_lifetime(copy self)
    mutating func text() throws(Failure) -> JSONText? {
        do throws(JSONError) { return try reader.readText() } catch { throw failure }
    }

    /// Reads the next value, which must be a string.
    mutating func string() throws(Failure) -> String {
        guard let text = try text() else { throw failure }
        return String(text)
    }

    /// Reads the next value if it is a number; nil leaves it unread.
    @_lifetime(copy self)
    mutating func number() throws(Failure) -> JSONNumber? {
        do throws(JSONError) { return try reader.readNumber() } catch { throw failure }
    }

    /// Checks that nothing but white space follows the one value.
    mutating func finish() throws(Failure) {
        do throws(JSONError) { try reader.finish() } catch { throw failure }
    }
}
