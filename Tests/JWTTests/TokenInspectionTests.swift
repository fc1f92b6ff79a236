import Base
import JSON
import Testing

@testable import JWT

@Suite("A token decoded for display")
struct TokenInspectionTests {
    private func inspection(header: String, claims: String) -> TokenInspection {
        let parts = [header, claims, "signature"].map { String(copying: Base64URL.encode($0.utf8.span).span) }
        return TokenInspection(parts.joined(separator: ".").utf8.span)
    }

    @Test("Header, claims and dates are shown as they were sent, acceptable or not")
    func shown() {
        let claims = #"{"sub":"ada","iat":1700000000,"deep":{"exp":1},"exp":1700000000.5,"nbf":"x"}"#
        let inspection = inspection(header: #"{"alg":"none"}"#, claims: claims)
        #expect(inspection.header == #"{"alg":"none"}"#)
        #expect(inspection.claims == claims)
        #expect(inspection.dates.map(\.name) == ["iat", "exp"])
        #expect(inspection.dates.map(\.seconds) == [1_700_000_000, 1_700_000_001])
    }

    @Test(
        "Parts that cannot be decoded are not shown",
        arguments: ["", ".", "..", "a", "a.b", "a.b.c", "é.é.é", "e30", "e30=.e30=.x"])
    func undecodable(text: String) {
        let inspection = TokenInspection(text.utf8.span)
        #expect(inspection.claims?.isEmpty ?? true)
        #expect(inspection.dates.isEmpty)
    }

    @Test("Control characters and changes of direction are escaped")
    func controlled() {
        let inspection = inspection(header: "\u{1B}[2J\r\n", claims: "\u{9B}\u{202E}\u{7F}é")
        #expect(inspection.header == #"\u{1B}[2J\r\n"#)
        #expect(inspection.claims == #"\u{009B}\u{202E}\u{7F}é"#)
    }
}
