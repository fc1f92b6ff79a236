internal import Glibc

/// Lends texts as an array of C strings, NULL for each nil, with NULL at its end.
public func withCStringArray<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var copies: [UnsafeMutablePointer<CChar>?] = unsafe []
    for text in texts { unsafe copies.append(text.flatMap { unsafe strdup($0) }) }
    unsafe copies.append(nil)
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe copies.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { preconditionFailure("the array holds at least the NULL") }
        return unsafe body(start)
    }
}
