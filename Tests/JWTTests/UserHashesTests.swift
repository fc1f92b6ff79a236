import JWT
import Testing

@Suite("Hashes of users for logs")
struct UserHashesTests {
    @Test(
        "A hash is the start of the id's SHA-256, asked for once or again",
        arguments: [("ada", "fdee430d40bd"), ("grace@example.com", "b533d4547eaa"), ("", "e3b0c44298fc")])
    func hash(user: String, digits: String) {
        var hashes = UserHashes()
        #expect(text(of: hashes.digits(of: user)) == digits)
        #expect(text(of: hashes.digits(of: user)) == digits)
    }

    @Test("Users who share a place keep their own hashes", arguments: [1, 2])
    func sharedPlace(count: Int) {
        var hashes = UserHashes(count: count)
        for _ in 0..<3 {
            #expect(text(of: hashes.digits(of: "ada")) == "fdee430d40bd")
            #expect(text(of: hashes.digits(of: "grace@example.com")) == "b533d4547eaa")
        }
    }

    @Test("Two spellings of one character are two users")
    func spellings() {
        var hashes = UserHashes(count: 1)
        #expect(text(of: hashes.digits(of: "\u{E9}")) == "4a99557e4033")
        #expect(text(of: hashes.digits(of: "e\u{301}")) == "bf12767b0f2a")
    }

    private func text(of digits: UserHashes.Digits) -> String {
        String(decoding: (0..<digits.count).map { digits[$0] }, as: UTF8.self)
    }
}
