import JWT
import Testing

@Suite("Wycheproof")
struct WycheproofTests {
    /// Cases of the JWS file that are not judged as it says.
    private enum Exception {
        /// Called valid, though they hold a `?`.
        static let foreignCharacter: Set = [372, 373]
        /// Called invalid for a padding that the file does not hold: byte for byte the token of the valid case 357.
        static let lostPadding: Set = [367, 370]
    }

    private func isAccepted(_ token: String, by keys: KeySet) -> Bool {
        let bytes = Array(token.utf8)
        return (try? keys.payload(of: bytes.span)) != nil
    }

    @Test("Every HS256 case of the JWS file comes out as the file says, but for the README's exceptions")
    func sharedSecrets() throws {
        guard let groups = try wycheproof("json_web_signature_test.json") else { return }
        var count = 0
        var soundToken: String?
        for group in groups {
            guard let key = group["private"] as? [String: Any], key["kty"] as? String == "oct" else { continue }
            let secret = try #require(decoded(key["k"] as? String ?? ""))
            let keys = try KeySet(secrets: [SharedSecret(bytes: secret)])
            for test in group["tests"] as? [[String: Any]] ?? [] {
                let id = try #require(test["tcId"] as? Int)
                // The other serialisation is an object, which no header can carry.
                let token = test["jws"] as? String ?? "{}"
                var isValid = test["result"] as? String == "valid"
                if id == 357 { soundToken = token }
                if Exception.foreignCharacter.contains(id) { isValid = false }
                if Exception.lostPadding.contains(id) {
                    #expect(token == soundToken)
                    isValid = true
                }
                #expect(isAccepted(token, by: keys) == isValid, "case \(id)")
                count += 1
            }
        }
        print("wycheproof json_web_signature_test.json: \(count) cases of HS256")
        #expect(count == 40)
    }
}
