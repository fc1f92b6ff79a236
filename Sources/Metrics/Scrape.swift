public import Base
internal import Glibc

/// A client of a metrics address.
public enum Scrape {
    /// The most bytes that are read: the metrics of some hundred workers.
    private static var limit: Int { 4 << 20 }

    /// Fetches the metrics from an address; blocks for some seconds at most.
    ///
    /// Throws EPROTO when the answer is not that of a metrics server.
    public static func text(from address: LocalAddress) throws(SystemError) -> [UInt8] {
        let socket = try LocalSocket.connected(to: address)
        let request = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard unsafe send(socket.descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { throw SystemError("send") }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count < limit {
            let count = unsafe read(socket.descriptor, &part, part.count)
            if count < 0 { throw SystemError("read") }
            if count == 0 { break }
            answer += part[..<count]
        }
        let mark = Array("\r\n\r\n".utf8)
        guard answer.starts(with: "HTTP/1.1 200 ".utf8),
            let head = answer.indices.first(where: { answer[$0...].starts(with: mark) })
        else { throw SystemError("read", code: EPROTO) }
        return Array(answer[(head + mark.count)...])
    }
}
