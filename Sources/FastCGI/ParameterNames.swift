internal import Glibc

/// The names of the parameters that a handler reads; `ParameterIndices` is indexed by their order.
@safe
struct ParameterNames {
    /// The capacity of `ParameterIndices`.
    static var maximumCount: Int { 16 }

    private let names: [StaticString]
    /// The offset of a parameter's value after `NAME=`, by the index of its name.
    let valueOffsets: InlineArray<16, UInt8>

    init(_ names: [StaticString]) {
        precondition(names.count <= Self.maximumCount, "at most \(Self.maximumCount) names")
        self.names = names
        var offsets = InlineArray<16, UInt8>(repeating: 0)
        for (index, name) in names.enumerated() { offsets[index] = UInt8(name.utf8CodeUnitCount + 1) }
        valueOffsets = offsets
    }

    /// Finds all names in one pass over the parameters of a request, `NAME=value` each, NULL after the last.
    ///
    /// A web server sends parameters in the same order in every request: if the names have that order too, few are
    /// compared twice.
    func find(in parameters: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> ParameterIndices {
        var found = ParameterIndices()
        var expected = 0
        var index = 0
        while let text = unsafe parameters[index], index < ParameterIndices.absent {
            if let name = unsafe nameIndex(of: text, from: expected) {
                found.set(name, to: index)
                expected = name + 1
            }
            index += 1
        }
        return found
    }

    /// The index of a parameter's name, starting the search at the expected one.
    private func nameIndex(of text: UnsafePointer<CChar>, from expected: Int) -> Int? {
        var name = expected
        for _ in names.indices {
            if name >= names.count { name = 0 }
            if unsafe isName(names[name], of: text) { return name }
            name += 1
        }
        return nil
    }

    private func isName(_ name: StaticString, of text: UnsafePointer<CChar>) -> Bool {
        let length = name.utf8CodeUnitCount
        let start = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        // The first byte distinguishes most names.
        return unsafe text.pointee == start.pointee && strncmp(text, start, length) == 0
            && text[length] == CChar(UInt8(ascii: "="))
    }
}

/// The position of each name's parameter among those of one request.
struct ParameterIndices {
    /// Marks an absent parameter; also the most parameters of a request that are searched.
    static var absent: Int { 255 }

    private var indices = InlineArray<16, UInt8>(repeating: 255)

    /// The index of a name's parameter; nil when the web server did not send it.
    subscript(name: Int) -> Int? {
        let index = Int(indices[name])
        return index == Self.absent ? nil : index
    }

    /// Of two parameters with one name, the first counts.
    mutating func set(_ name: Int, to index: Int) {
        if self[name] == nil { indices[name] = UInt8(truncatingIfNeeded: index) }
    }
}
