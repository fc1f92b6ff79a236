import Foundation
import JWT
import Testing

@Suite("Wycheproof")
struct WycheproofTests {
    /// Cases of the JWS file with another result here; all but the second kind are in the vectors' README.
    private enum Exception {
        /// Called valid, though they hold a `?`.
        static let foreignCharacter: Set = [372, 373]
        /// Called invalid for a padding that the file does not hold: byte for byte the token of the valid case 357.
        static let lostPadding: Set = [367, 370]
        /// Called valid, though the key names the algorithm "ES521", which does not exist.
        static let unknownAlgorithm: Set = [347, 351]
        /// Called valid for a key of "PS256", though the header says PS384.
        static let otherAlgorithm: Set = [346, 350]
        /// Called valid without a payload: no JWT.
        static let emptyPayload = "emptyPayload"
    }

    /// Algorithms that the file covers and this service does not support.
    private static let unspoken: Set = ["RS384", "RS512", "PS384", "PS512", "HS384", "HS512"]

    private func isAccepted(_ token: String, by keys: KeySet) -> Bool {
        let bytes = Array(token.utf8)
        return (try? keys.payload(of: bytes.span)) != nil
    }

    private func keySet(_ keys: [[String: Any]]) throws -> KeySet {
        let json = try [UInt8](JSONSerialization.data(withJSONObject: ["keys": keys]))
        return try KeySet(publicKeys: JWKSet(json.span))
    }

    /// The symmetric keys as configured secrets; nil when the service would not start with them.
    private func secrets(_ keys: [[String: Any]]) -> KeySet? {
        try? KeySet(secrets: keys.map { try SharedSecret(bytes: decoded($0["k"] as? String ?? "") ?? []) })
    }

    @Test("Every case of the JWS file has the result that the file says, except for the listed exceptions")
    func signatures() throws {
        guard let groups = try wycheproof("json_web_signature_test.json") else { return }
        var (count, accepted, unspoken) = (0, 0, 0)
        var soundToken: String?
        for group in groups {
            let key = try #require((group["public"] ?? group["private"]) as? [String: Any])
            let keys = try key["kty"] as? String == "oct" ? #require(secrets([key])) : keySet([key])
            let isSpoken = !Self.unspoken.contains(key["alg"] as? String ?? "")
            for test in group["tests"] as? [[String: Any]] ?? [] {
                let id = try #require(test["tcId"] as? Int)
                // The JSON serialisation is an object, which a header cannot hold.
                let token = test["jws"] as? String ?? "{}"
                var isValid = test["result"] as? String == "valid"
                if id == 357 { soundToken = token }
                if Exception.foreignCharacter.contains(id) || Exception.unknownAlgorithm.contains(id)
                    || Exception.otherAlgorithm.contains(id) || test["comment"] as? String == Exception.emptyPayload
                {
                    isValid = false
                }
                if Exception.lostPadding.contains(id) {
                    #expect(token == soundToken)
                    isValid = true
                }
                #expect(isAccepted(token, by: keys) == (isValid && isSpoken), "case \(id)")
                count += 1
                accepted += isValid && isSpoken ? 1 : 0
                unspoken += isSpoken ? 0 : 1
            }
        }
        print(
            "wycheproof json_web_signature_test.json: \(count) cases, \(accepted) accepted;",
            "\(unspoken) of them with keys of unsupported algorithms, all refused")
        #expect(count == 401)
    }

    @Test("Every case of the JWK file has the result that the file says, with symmetric keys configured as secrets")
    func keys() throws {
        guard let groups = try wycheproof("json_web_key_test.json") else { return }
        var count = 0
        for group in groups {
            let set = try #require((group["public"] ?? group["private"]) as? [String: Any])
            let keys = try #require(set["keys"] as? [[String: Any]])
            let areSecret = keys.allSatisfy { $0["kty"] as? String == "oct" && $0["alg"] as? String == "HS256" }
            let isSpoken = !Self.unspoken.contains(keys[0]["alg"] as? String ?? "")
            for test in group["tests"] as? [[String: Any]] ?? [] {
                let id = try #require(test["tcId"] as? Int)
                let token = try #require(test["jws"] as? String)
                let isValid = test["result"] as? String == "valid"
                // A published symmetric key is not secret and must not be used.
                let published = try isAccepted(token, by: keySet(keys))
                #expect(published == (isValid && isSpoken && !areSecret), "case \(id)")
                // A shared secret has no kid here, so two secrets of the same kid (case 4) do not conflict.
                if areSecret, id != 4 {
                    #expect((secrets(keys).map { isAccepted(token, by: $0) } ?? false) == isValid, "case \(id)")
                }
                if id == 7 {
                    let json = try [UInt8](JSONSerialization.data(withJSONObject: set))
                    #expect(try JWKSet(json.span).refusals.map(\.reason) == [.unsound("the modulus can be factored")])
                }
                count += 1
            }
        }
        print("wycheproof json_web_key_test.json: \(count) cases")
        #expect(count == 26)
    }

    @Test(
        "Every key of the signature files is read as a JWK, RSA keys with the exponent 3 as refused ones",
        arguments: [
            ("ed25519_test.json", 78), ("ecdsa_secp256r1_sha256_p1363_test.json", 103),
            ("rsa_signature_2048_sha256_test.json", 3),
        ])
    func publishedKeys(name: String, keys: Int) throws {
        guard let groups = try wycheproof(name) else { return }
        var count = 0
        for group in groups {
            guard let key = (group["publicKeyJwk"] ?? group["keyJwk"]) as? [String: Any] else { continue }
            let json = try [UInt8](JSONSerialization.data(withJSONObject: ["keys": [key]]))
            let set = try JWKSet(json.span)
            let isTiny = key["e"] as? String == "Aw"
            #expect(set.keys.count == (isTiny ? 0 : 1), "\(set.refusals)")
            #expect(set.refusals.map(\.reason) == (isTiny ? [.tinyExponent] : []))
            count += 1
        }
        print("wycheproof \(name): \(count) keys read as JWK")
        #expect(count == keys)
    }
}
