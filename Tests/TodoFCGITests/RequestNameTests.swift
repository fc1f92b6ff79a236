import FastCGI
import Testing

@testable import todo_fcgi

@Suite("Request ids")
struct RequestNameTests {
    private func text(_ name: RequestName, _ number: UInt64) -> String {
        name.text(of: RequestID(rawValue: number))
    }

    @Test("An id has 32 hexadecimal digits, and is unique for each request")
    func distinct() {
        let name = RequestName()
        let numbers = (0..<1_000).flatMap { [$0, $0 << 32, UInt64.max - $0] as [UInt64] }
        let texts = numbers.map { text(name, $0) }
        #expect(texts.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
        #expect(Set(texts).count == Set(numbers).count)
        #expect(numbers.map { text(name, $0) } == texts)
        // Every digit occurs, so each is checked.
        #expect(Set(texts.joined()).count == 16)
    }

    @Test("Two processes share no ids, and an id does not reveal the number of requests")
    func apart() {
        let (one, other) = (RequestName(), RequestName())
        #expect(text(one, 1).prefix(16) != text(other, 1).prefix(16))
        #expect(text(one, 1).suffix(16) != text(other, 1).suffix(16))
        #expect(text(one, 1).suffix(16).prefix(8) != text(one, 2).suffix(16).prefix(8))
    }
}
