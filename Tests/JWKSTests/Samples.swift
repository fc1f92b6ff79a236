import Glibc

/// Key sets of valid keys: the Ed25519 test keys of RFC 8032, section 7.1.
enum Sample {
    static let numbers = [
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
        "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
    ]

    static func key(_ name: String, _ number: Int = 0) -> String {
        #"{"kty":"OKP","crv":"Ed25519","kid":"\#(name)","x":"\#(numbers[number])"}"#
    }

    static func set(_ names: String...) -> String {
        #"{"keys":[\#(names.map { key($0) }.joined(separator: ","))]}"#
    }

    /// A new directory, which is not removed.
    static func directory() -> String {
        var template = Array("/tmp/jwks-tests-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) {
        let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC, mode)
        precondition(descriptor >= 0)
        fchmod(descriptor, mode)
        let bytes = Array(text.utf8)
        precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        rename(path + ".new", path)
    }
}
