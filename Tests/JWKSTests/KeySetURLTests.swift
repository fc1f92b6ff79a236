import Testing

@testable import JWKS

@Suite("The URL of a key set")
struct KeySetURLTests {
    @Test(
        "https is accepted with any host, http with this machine only",
        arguments: [
            "https://app.example.com/api/auth/jwks", "https://app.example.com", "HTTPS://app.example.com/",
            "https://10.0.0.1:8443/x", "https://user:secret@app.example.com/jwks?token=secret",
            "http://localhost:3000/api/auth/jwks", "http://127.0.0.1/x", "http://127.1.2.3:80/", "http://[::1]:3000/",
            "http://LOCALHOST/x", "http://127.1/",
        ])
    func taken(text: String) throws {
        _ = try KeySetURL(text)
    }

    @Test(
        "Keys that could be replaced on the way are not fetched",
        arguments: [
            "http://app.example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1@example.com/", "http://example.com#@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd",
            "http://[::2]/", "http://0.0.0.0/", "dict://localhost/",
        ])
    func insecure(text: String) {
        #expect(throws: KeySetURLError.self) { try KeySetURL(text) }
    }

    @Test(
        "A text that is not an absolute URL is refused",
        arguments: [
            "", "app.example.com", "/api/auth/jwks", "https://", "https://a b/", "https://a/\n",
            "https://a/#fragment", "https://ä.example/", "https://a:port/", "javascript:x",
        ])
    func malformed(text: String) {
        #expect(throws: KeySetURLError.self) { try KeySetURL(text) }
    }

    @Test("The description has no credentials and no query")
    func description() throws {
        let url = try KeySetURL("https://user:secret@app.example.com:8443/jwks?token=secret")
        #expect(url.description == "https://app.example.com:8443/jwks")
        #expect(try KeySetURL("http://[::1]:3000/jwks").description == "http://[::1]:3000/jwks")
    }
}
