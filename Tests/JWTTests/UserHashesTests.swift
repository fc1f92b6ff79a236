import JWT
import Testing

@Suite("Hashes of users for logs")
struct UserHashesTests {
    private func hashes(_ secret: String = Sample.secret, count: Int = 4_096) throws -> UserHashes {
        try UserHashes(key: SharedSecret(secret), count: count)
    }

    @Test(
        "A hash is the start of the id's HMAC-SHA-256, computed or cached",
        arguments: [("ada", "4910d4d5586d"), ("grace@example.com", "d5293ed211d9"), ("", "d138cf3ba5a1")])
    func hash(user: String, digits: String) throws {
        var hashes = try hashes()
        #expect(text(of: hashes.digits(of: user)) == digits)
        #expect(text(of: hashes.digits(of: user)) == digits)
    }

    @Test("With another key the same id has another hash, and no hash is a plain SHA-256")
    func keys() throws {
        var (one, other) = (try hashes(), try hashes(Sample.otherSecret))
        #expect(text(of: one.digits(of: "ada")) != text(of: other.digits(of: "ada")))
        #expect(text(of: one.digits(of: "ada")) != "fdee430d40bd")
    }

    @Test("A secret derived for a purpose is the HMAC-SHA-256 of the purpose's name")
    func derived() throws {
        let secret = try SharedSecret(Sample.secret)
        var hashes = try UserHashes(key: secret.derived(for: "one purpose"))
        var others = try UserHashes(key: secret.derived(for: "another purpose"))
        #expect(text(of: hashes.digits(of: "ada")) == "8b2e6a98adae")
        #expect(text(of: others.digits(of: "ada")) != "8b2e6a98adae")
    }

    @Test("Users who share a slot have their own hashes", arguments: [1, 2])
    func sharedSlot(count: Int) throws {
        var hashes = try hashes(count: count)
        for _ in 0..<3 {
            #expect(text(of: hashes.digits(of: "ada")) == "4910d4d5586d")
            #expect(text(of: hashes.digits(of: "grace@example.com")) == "d5293ed211d9")
        }
    }

    @Test("Two spellings of one character are two users")
    func spellings() throws {
        var hashes = try hashes(count: 1)
        #expect(text(of: hashes.digits(of: "\u{E9}")) == "7bc240783989")
        #expect(text(of: hashes.digits(of: "e\u{301}")) == "af831fb5d0f2")
    }

    private func text(of digits: UserHashes.Digits) -> String {
        String(decoding: (0..<digits.count).map { digits[$0] }, as: UTF8.self)
    }
}
