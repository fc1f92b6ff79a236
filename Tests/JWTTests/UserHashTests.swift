import JWT
import Testing

@Suite("Hashes of users for logs")
struct UserHashTests {
    @Test(
        "A hash is the start of the id's SHA-256",
        arguments: [("ada", "fdee430d40bd"), ("grace@example.com", "b533d4547eaa"), ("", "e3b0c44298fc")])
    func hash(user: String, digits: String) {
        #expect(UserHash.digits(of: user) == digits)
    }
}
