internal import Glibc

/// The names of the parameters that a handler reads; a name's index here is its place in a request's table.
@safe
struct ParameterNames {
    /// A table has this many places.
    static var maximumCount: Int { 16 }

    private let names: [StaticString]
    /// How far a parameter's value lies from its beginning, by the place of its name: behind `NAME=`.
    let valueOffsets: InlineArray<16, UInt8>

    init(_ names: [StaticString]) {
        precondition(names.count <= Self.maximumCount, "a table has \(Self.maximumCount) places")
        self.names = names
        var offsets = InlineArray<16, UInt8>(repeating: 0)
        for (place, name) in names.enumerated() { offsets[place] = UInt8(name.utf8CodeUnitCount + 1) }
        valueOffsets = offsets
    }

    /// Finds them all in one pass over the parameters of a request, `NAME=value` each, NULL behind the last.
    ///
    /// A web server sends them in one order, request after request: where the names have that order too, hardly any is
    /// compared twice.
    func find(in parameters: UnsafePointer<UnsafeMutablePointer<CChar>?>) -> ParameterPlaces {
        var places = ParameterPlaces()
        var expected = 0
        var index = 0
        while let text = unsafe parameters[index], index < ParameterPlaces.absent {
            if let place = unsafe place(of: text, from: expected) {
                places.set(place, to: index)
                expected = place + 1
            }
            index += 1
        }
        return places
    }

    /// Which of the names a parameter has, looking at the expected one first.
    private func place(of text: UnsafePointer<CChar>, from expected: Int) -> Int? {
        var place = expected
        for _ in names.indices {
            if place >= names.count { place = 0 }
            if unsafe isName(names[place], of: text) { return place }
            place += 1
        }
        return nil
    }

    private func isName(_ name: StaticString, of text: UnsafePointer<CChar>) -> Bool {
        let length = name.utf8CodeUnitCount
        let start = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        // The first byte already tells most names apart.
        return unsafe text.pointee == start.pointee && strncmp(text, start, length) == 0
            && text[length] == CChar(UInt8(ascii: "="))
    }
}

/// Where each name's parameter stands among those of one request.
struct ParameterPlaces {
    /// So many parameters of a request are looked at.
    static var absent: Int { 255 }

    private var indices = InlineArray<16, UInt8>(repeating: 255)

    /// The index of a name's parameter; nil when the web server did not send it.
    subscript(place: Int) -> Int? {
        let index = Int(indices[place])
        return index == Self.absent ? nil : index
    }

    /// Of two parameters with one name, the first counts.
    mutating func set(_ place: Int, to index: Int) {
        if self[place] == nil { indices[place] = UInt8(truncatingIfNeeded: index) }
    }
}
