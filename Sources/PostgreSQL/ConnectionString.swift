internal import Base
internal import CLibPQ

/// Reads a connection URI or key-value string, without connecting.
public enum ConnectionString {
    /// The user it names, or libpq's default.
    ///
    /// The corresponding C functions are `PQconninfoParse` and `PQconndefaults`.
    public static func user(of url: String) throws(PostgreSQLError) -> String {
        if let user = try options(of: url)["user"] { return user }
        guard let defaults = unsafe PQconndefaults() else { return "" }
        defer { unsafe PQconninfoFree(defaults) }
        return unsafe dictionary(defaults)["user"] ?? ""
    }

    /// Its options as libpq's environment variables, so that no argument of another program shows a password.
    ///
    /// The corresponding C function is `PQconninfoParse`.
    public static func environment(of url: String) throws(PostgreSQLError) -> [String: String] {
        try unsafe parsed(url) { options in unsafe dictionary(options, by: \.envvar) }
    }

    /// The options that it contains, by their keywords.
    ///
    /// The corresponding C function is `PQconninfoParse`.
    static func options(of url: String) throws(PostgreSQLError) -> [String: String] {
        try unsafe parsed(url) { options in unsafe dictionary(options) }
    }

    /// All options that libpq would use: the given ones, their service's, the environment's and its defaults; without
    /// `sslmode`.
    ///
    /// libpq reports them only for a connection. An invalid `sslmode` makes it stop after it has merged them and before
    /// it connects. The corresponding C functions are `PQconnectStartParams` and `PQconninfo`.
    static func effectiveOptions(of options: [String: String]) throws(PostgreSQLError) -> [String: String] {
        var options = options
        options["sslmode"] = "-"
        let connection = unsafe withParameters(options) { unsafe PQconnectStartParams($0, $1, 0) }
        defer { unsafe PQfinish(connection) }
        let effective = unsafe PQconninfo(connection)
        defer { unsafe PQconninfoFree(effective) }
        var result = unsafe effective.map { unsafe dictionary($0) } ?? [:]
        // Without a port, libpq stopped before it had merged the options.
        guard result.removeValue(forKey: "sslmode") != nil, result["port"] != nil else {
            let message = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgreSQLError(sqlState: nil, message: message.withoutQuotations.firstLine)
        }
        return result
    }

    private static func parsed<Result>(
        _ url: String, _ read: (UnsafeMutablePointer<PQconninfoOption>) -> Result
    ) throws(PostgreSQLError) -> Result {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &message) else {
            defer { unsafe PQfreemem(message) }
            let text = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgreSQLError(sqlState: nil, message: text.withoutQuotations.firstLine)
        }
        defer { unsafe PQconninfoFree(options) }
        return unsafe read(options)
    }

    /// The options that have a value, by their keyword or another of their names.
    private static func dictionary(
        _ options: UnsafeMutablePointer<PQconninfoOption>,
        by name: (PQconninfoOption) -> UnsafeMutablePointer<CChar>? = { unsafe $0.keyword }
    ) -> [String: String] {
        var values: [String: String] = [:]
        var option = unsafe options
        while unsafe option.pointee.keyword != nil {
            if let name = unsafe name(option.pointee), let value = unsafe option.pointee.val {
                unsafe values[String(cString: name)] = String(cString: value)
            }
            unsafe option += 1
        }
        return values
    }
}

/// Calls `body` with options as libpq's arrays of keywords and values.
func withParameters<Result>(
    _ options: [String: String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    unsafe withCStrings(Array(options.keys)) { keys in
        unsafe withCStrings(Array(options.values)) { values in unsafe body(keys, values) }
    }
}

/// Calls `body` with texts as libpq's arrays of C strings.
func withCStrings<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    unsafe withCStringArray(texts) { pointers in
        unsafe pointers.withMemoryRebound(to: UnsafePointer<CChar>?.self, capacity: texts.count + 1, body)
    }
}

extension String {
    /// Without the text between the first and the last quotation mark.
    ///
    /// libpq quotes the part of a URL that it cannot parse, which may be a part of the password.
    var withoutQuotations: String {
        guard let first = firstIndex(of: "\""), let last = lastIndex(of: "\"") else { return self }
        return self[..<first] + "…" + (first < last ? self[index(after: last)...] : "")
    }
}
