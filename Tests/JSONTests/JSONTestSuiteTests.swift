import Glibc
import JSON
import Testing

/// nst/JSONTestSuite, read from beside the project; `shared/vectors/README.md` describes it.
@Suite struct JSONTestSuiteTests {
    /// The decisions that the suite leaves open: whether a file is accepted, and why.
    static let decisions: [String: (isAccepted: Bool, reason: String)] = [
        "i_number_double_huge_neg_exp.json": (true, "a number by the grammar; as a Double it is zero"),
        "i_number_huge_exp.json": (true, "a number by the grammar; as a Double it is infinite"),
        "i_number_neg_int_huge_exp.json": (true, "a number by the grammar; as a Double it is infinite"),
        "i_number_pos_double_huge_exp.json": (true, "a number by the grammar; as a Double it is infinite"),
        "i_number_real_neg_overflow.json": (true, "a number by the grammar; as a Double it is infinite"),
        "i_number_real_pos_overflow.json": (true, "a number by the grammar; as a Double it is infinite"),
        "i_number_real_underflow.json": (true, "a number by the grammar; as a Double it is zero"),
        "i_number_too_big_neg_int.json": (true, "a number by the grammar; not exact, so only a Double"),
        "i_number_too_big_pos_int.json": (true, "a number by the grammar; not exact, so only a Double"),
        "i_number_very_big_negative_int.json": (true, "a number by the grammar; not exact, so only a Double"),
        "i_object_key_lone_2nd_surrogate.json": (false, "half a surrogate pair is no character and no UTF-8"),
        "i_string_1st_surrogate_but_2nd_missing.json": (false, "half a surrogate pair"),
        "i_string_1st_valid_surrogate_2nd_invalid.json": (false, "half a surrogate pair"),
        "i_string_incomplete_surrogate_and_escape_valid.json": (false, "half a surrogate pair"),
        "i_string_incomplete_surrogate_pair.json": (false, "half a surrogate pair"),
        "i_string_incomplete_surrogates_escape_valid.json": (false, "half a surrogate pair"),
        "i_string_invalid_lonely_surrogate.json": (false, "half a surrogate pair"),
        "i_string_invalid_surrogate.json": (false, "half a surrogate pair"),
        "i_string_inverted_surrogates_U+1D11E.json": (false, "half a surrogate pair, twice"),
        "i_string_lone_second_surrogate.json": (false, "half a surrogate pair"),
        "i_string_UTF-16LE_with_BOM.json": (false, "JSON between systems is UTF-8 (RFC 8259, section 8.1)"),
        "i_string_utf16BE_no_BOM.json": (false, "JSON between systems is UTF-8"),
        "i_string_utf16LE_no_BOM.json": (false, "JSON between systems is UTF-8"),
        "i_string_UTF-8_invalid_sequence.json": (false, "not UTF-8"),
        "i_string_UTF8_surrogate_U+D800.json": (false, "a surrogate is not encoded in UTF-8"),
        "i_string_invalid_utf-8.json": (false, "not UTF-8"),
        "i_string_iso_latin_1.json": (false, "not UTF-8"),
        "i_string_lone_utf8_continuation_byte.json": (false, "not UTF-8"),
        "i_string_not_in_unicode_range.json": (false, "beyond U+10FFFF"),
        "i_string_overlong_sequence_2_bytes.json": (false, "an overlong form is not UTF-8"),
        "i_string_overlong_sequence_6_bytes.json": (false, "an overlong form is not UTF-8"),
        "i_string_overlong_sequence_6_bytes_null.json": (false, "an overlong form is not UTF-8"),
        "i_string_truncated-utf-8.json": (false, "not UTF-8"),
        "i_structure_500_nested_arrays.json": (false, "no request nests deeper than 64"),
        "i_structure_UTF-8_BOM_empty_object.json": (false, "a byte order mark may be refused (section 8.1)"),
    ]

    @Test("every file of the suite is accepted or refused by its prefix, or by the decisions above")
    func judgesEveryFile() throws {
        let folder = packageRoot + "/../shared/vectors/jsontestsuite"
        let names = fileNames(in: folder).filter { $0.hasSuffix(".json") }
        guard !names.isEmpty else {
            print("JSONTestSuite: not run, \(folder) is missing")
            return
        }
        for name in names {
            let isAccepted = judge(try contents(of: folder + "/" + name)) == nil
            switch name.prefix(2) {
            case "y_": #expect(isAccepted, "\(name)")
            case "n_": #expect(!isAccepted, "\(name)")
            default:
                let decision = try #require(Self.decisions[name], "\(name) is not decided")
                #expect(isAccepted == decision.isAccepted, "\(name): \(decision.reason)")
            }
        }
        print("JSONTestSuite: \(names.count) cases ran")
    }
}

private let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

private func fileNames(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            })
    }
    return names.sorted()
}

private func contents(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&block, 1, block.count, file)
        guard count > 0 else { return bytes }
        bytes += block[..<count]
    }
}
