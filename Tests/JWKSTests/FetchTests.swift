import Base
import Testing

@testable import JWKS
@testable import JWT

@Suite("Fetching a key set over HTTP")
struct FetchTests {
    private func fetch(_ url: String) -> Result<[String?], KeySourceError> {
        do throws(KeySourceError) {
            guard let url = try? KeySetURL(url) else { return .success(["no URL"]) }
            return .success(try KeySource.url(url).read(userAgent: "todo-fcgi/test").keys.map(\.keyID))
        } catch {
            return .failure(error)
        }
    }

    private func fetch(_ answer: HTTPServer.Answer) -> Result<[String?], KeySourceError> {
        let server = HTTPServer(answer)
        defer { server.stop() }
        return fetch(server.url)
    }

    @Test("A set is read, and the request has our User-Agent")
    func good() {
        let server = HTTPServer(.set(Sample.set("a", "b")))
        defer { server.stop() }
        #expect(fetch(server.url) == .success(["a", "b"]))
        let request = server.requests.first ?? ""
        #expect(request.hasPrefix("GET /api/auth/jwks HTTP/1.1\r\n"))
        #expect(request.contains("\r\nUser-Agent: todo-fcgi/test\r\n"))
        #expect(request.contains("\r\nAccept: application/json"))
    }

    @Test("Credentials of the URL are sent, and are not in its description")
    func credentials() throws {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        let url = "http://user:secret@127.0.0.1:\(server.port)/jwks"
        #expect(fetch(url) == .success(["a"]))
        #expect(server.requests.first?.contains("\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n") == true)
        #expect(try !"\(KeySource.url(KeySetURL(url)))".contains("secret"))
    }

    @Test(
        "A status other than 200 is refused, whatever its body",
        arguments: [204, 301, 302, 307, 308, 401, 404, 500, 503])
    func status(status: Int) {
        let server = HTTPServer(.set(Sample.set("elsewhere")))
        defer { server.stop() }
        let body = Array(Sample.set("a").utf8)
        let length = status == 204 ? [] : ["Content-Length: \(body.count)"]
        let answer = HTTPServer.Answer.status(
            status, headers: length + ["Location: \(server.url)"], body: status == 204 ? [] : body)
        #expect(fetch(answer) == .failure(.status(status)))
        #expect(server.requests.isEmpty)
    }

    @Test(
        "A body that is not a key set is refused",
        arguments: [
            ("", JWKSetError.malformed), ("{}", .malformed), ("<html></html>", .malformed), ("[]", .malformed),
            (#"{"keys":{}}"#, .malformed), (#"{"keys":[]"#, .malformed), (#"{"keys":[],"keys":[]}"#, .malformed),
        ])
    func broken(text: String, error: JWKSetError) {
        #expect(fetch(.set(text)) == .failure(.unreadable(error)))
    }

    @Test("A set without a usable key is refused: with it every token would be refused")
    func unusable() {
        #expect(fetch(.set(#"{"keys":[]}"#)) == .failure(.noUsableKey([])))
        let refusal = JWK.Refusal(keyID: "s", reason: .symmetric)
        #expect(fetch(.set(#"{"keys":[{"kty":"oct","kid":"s","k":"AAAA"}]}"#)) == .failure(.noUsableKey([refusal])))
    }

    @Test("Too many bytes are refused, with and without Content-Length")
    func huge() {
        let limit = JWKSet.maximumBytes
        let much = HTTPServer.Answer.status(200, headers: ["Content-Length: \(limit + 1)"], body: [])
        #expect(fetch(much) == .failure(.tooLong))
        #expect(fetch(.drip([UInt8](repeating: 0x20, count: 64 << 10), pause: 0)) == .failure(.tooLong))
        let padded = Sample.set("a") + String(repeating: " ", count: limit - Sample.set("a").utf8.count)
        #expect(fetch(.set(padded)) == .success(["a"]))
    }

    @Test("An answer that was cut off is refused")
    func cut() {
        let body = Array(Sample.set("a").utf8)
        let answer = HTTPServer.Answer.status(200, headers: ["Content-Length: \(body.count + 1)"], body: body)
        guard case .failure(.unreachable) = fetch(answer) else {
            Issue.record("taken")
            return
        }
    }

    @Test(
        "A server that sends nothing, or single bytes, times out after five seconds",
        arguments: [HTTPServer.Answer.silence, .drip([0x20], pause: 100)])
    func slow(answer: HTTPServer.Answer) {
        let start = Clock.monotonic
        #expect(fetch(answer) == .failure(.unreachable("no whole answer in time")))
        #expect(4_900_000_000...7_000_000_000 ~= Clock.monotonic - start)
    }

    @Test("A server that is down, or closes the connection, is reported with libcurl's message")
    func unreachable() {
        let server = HTTPServer(.close)
        for result in [fetch(server.url), fetch("http://127.0.0.1:1/jwks")] {
            guard case .failure(.unreachable(let words)) = result else {
                Issue.record("taken: \(result)")
                continue
            }
            #expect(!words.isEmpty)
        }
        server.stop()
    }

    @Test("https to a server without TLS is refused")
    func noTLS() {
        let server = HTTPServer(.set(Sample.set("a")))
        defer { server.stop() }
        guard case .failure(.unreachable) = fetch("https://127.0.0.1:\(server.port)/jwks") else {
            Issue.record("taken")
            return
        }
    }

    @Test("A file is read up to the same size")
    func file() {
        let path = Sample.directory() + "/jwks.json"
        #expect(throws: KeySourceError.self) { try KeySource.file(path).read(userAgent: "") }
        Sample.write(Sample.set("a"), to: path)
        #expect((try? KeySource.file(path).read(userAgent: ""))?.keys.map(\.keyID) == ["a"])
        Sample.write(String(repeating: " ", count: JWKSet.maximumBytes + 1), to: path)
        #expect(throws: KeySourceError.tooLong) { try KeySource.file(path).read(userAgent: "") }
    }
}
