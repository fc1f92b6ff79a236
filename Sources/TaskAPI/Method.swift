internal import Base

/// The methods of the routes; any other method is `other`.
enum Method {
    case get, head, post, put, patch, delete, options, other

    /// Reads REQUEST_METHOD, which is case-sensitive.
    init(_ bytes: Span<UInt8>) {
        if bytes.equals("GET") {
            self = .get
        } else if bytes.equals("POST") {
            self = .post
        } else if bytes.equals("PUT") {
            self = .put
        } else if bytes.equals("PATCH") {
            self = .patch
        } else if bytes.equals("DELETE") {
            self = .delete
        } else if bytes.equals("OPTIONS") {
            self = .options
        } else if bytes.equals("HEAD") {
            self = .head
        } else {
            self = .other
        }
    }
}
