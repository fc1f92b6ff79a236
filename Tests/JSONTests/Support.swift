import JSON

/// Validates a whole text; nil when it is JSON, else the error.
func judge(_ bytes: [UInt8], maximumDepth: Int = 64) -> JSONError? {
    var reader = JSONReader(bytes.span, maximumDepth: maximumDepth)
    do throws(JSONError) {
        try reader.finish()
        return nil
    } catch {
        return error
    }
}

func judge(_ text: String, maximumDepth: Int = 64) -> JSONError? {
    judge(Array(text.utf8), maximumDepth: maximumDepth)
}

/// A JSON value as a tree, so that a test can compare what it read.
indirect enum Tree: Equatable, Sendable {
    case object([Member])
    case array([Tree])
    case string(String)
    case integer(Int64)
    case real(Double)
    case boolean(Bool)
    case null

    struct Member: Equatable, Sendable {
        var name: String
        var value: Tree
    }
}

/// Reads every value by trying each kind; recursive, since the trees of tests are shallow.
func readTree(_ reader: inout JSONReader) throws(JSONError) -> Tree {
    if try reader.beginObject() {
        var members: [Tree.Member] = []
        while let name = try reader.nextMember() {
            let name = String(name)
            members.append(Tree.Member(name: name, value: try readTree(&reader)))
        }
        return .object(members)
    }
    if try reader.beginArray() {
        var elements: [Tree] = []
        while try reader.nextElement() {
            elements.append(try readTree(&reader))
        }
        return .array(elements)
    }
    if let string = try reader.readString() { return .string(string) }
    if let boolean = try reader.readBoolean() { return .boolean(boolean) }
    if let number = try reader.readNumber() {
        return number.integer.map(Tree.integer) ?? .real(number.double)
    }
    let isNull = try reader.readNull()
    precondition(isNull, "a value is of one of six kinds")
    return .null
}

func tree(_ bytes: [UInt8]) throws(JSONError) -> Tree {
    var reader = JSONReader(bytes.span)
    let tree = try readTree(&reader)
    try reader.finish()
    return tree
}

func tree(_ text: String) throws(JSONError) -> Tree {
    try tree(Array(text.utf8))
}
