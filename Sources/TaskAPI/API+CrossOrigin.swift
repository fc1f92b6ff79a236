internal import Base

extension API {
    /// Begins an answer of any kind, with CORS headers for an allowed origin, on errors as well.
    func begin(_ status: Status, to request: Request, into writer: inout ByteWriter) {
        writer.beginAnswer(status)
        guard let origin = request.origin, configuration.origins.contains(origin) else { return }
        writer.append("Access-Control-Allow-Origin: ")
        writer.append(origin)
        writer.append(
            """
            \r\nAccess-Control-Allow-Credentials: true\r\n\
            Access-Control-Expose-Headers: ETag, Link, Location, Retry-After\r\n
            """)
    }

    /// Answers OPTIONS, preflight or not; such requests have no token, so the answer depends on the path only.
    func answerPreflight(to request: Request, into writer: inout ByteWriter) -> Answered {
        begin(.noContent, to: request, into: &writer)
        writer.appendHeader("Allow", Self.methods(of: request.target))
        writer.append(
            """
            Access-Control-Allow-Methods: GET, POST, PUT, PATCH, DELETE, OPTIONS\r\n\
            Access-Control-Allow-Headers: Authorization, Content-Type, If-Match, If-None-Match\r\n\
            Access-Control-Max-Age: 7200\r\n
            """)
        writer.endWithoutContent()
        return Answered(endpoint: .preflight, status: .noContent)
    }

    /// The methods of a target's resource; all methods of the service where there is no such resource.
    private static func methods(of target: Span<UInt8>) -> StaticString {
        let everything: StaticString = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        do throws(Problem) {
            return Resource(try Path(target))?.allow ?? everything
        } catch {
            return everything
        }
    }
}
