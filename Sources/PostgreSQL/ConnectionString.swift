internal import CLibPQ

/// What a connection URI or key-value string says, without connecting.
public enum ConnectionString {
    /// The user it names, or the default that libpq would take.
    ///
    /// Throws libpq's own words when the string is not one. The corresponding C functions are `PQconninfoParse` and
    /// `PQconndefaults`.
    public static func user(of url: String) throws(PostgreSQLError) -> String {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &message) else {
            defer { unsafe PQfreemem(message) }
            let text = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgreSQLError(sqlState: nil, message: text.firstLine)
        }
        defer { unsafe PQconninfoFree(options) }
        if let user = unsafe value("user", in: options) { return user }
        guard let defaults = unsafe PQconndefaults() else { return "" }
        defer { unsafe PQconninfoFree(defaults) }
        return unsafe value("user", in: defaults) ?? ""
    }

    /// What it says as the variables that libpq reads in other programs, where no argument may show a password.
    ///
    /// Throws libpq's own words when the string is not one. The corresponding C function is `PQconninfoParse`.
    public static func environment(of url: String) throws(PostgreSQLError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &message) else {
            defer { unsafe PQfreemem(message) }
            let text = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgreSQLError(sqlState: nil, message: text.firstLine)
        }
        defer { unsafe PQconninfoFree(options) }
        var variables: [String: String] = [:]
        var option = unsafe options
        while unsafe option.pointee.keyword != nil {
            if let name = unsafe option.pointee.envvar, let value = unsafe option.pointee.val {
                unsafe variables[String(cString: name)] = String(cString: value)
            }
            unsafe option += 1
        }
        return variables
    }

    private static func value(_ keyword: String, in options: UnsafeMutablePointer<PQconninfoOption>) -> String? {
        var option = unsafe options
        while let name = unsafe option.pointee.keyword {
            if unsafe String(cString: name) == keyword {
                return unsafe option.pointee.val.map { unsafe String(cString: $0) }
            }
            unsafe option += 1
        }
        return nil
    }
}
