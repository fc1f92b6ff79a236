import Testing

@testable import todo_fcgi

@Suite("Lines of the log")
struct LogTests {
    @Test(
        "A plain word stands as it is, all else in quotes and on one line",
        arguments: [
            ("word", "word"), ("a-b_c/d:e,f", "a-b_c/d:e,f"), ("", #""""#), ("two words", #""two words""#),
            ("a=b", #""a=b""#), (#"say "hi""#, #""say \"hi\"""#), (#"back\slash"#, #""back\\slash""#),
            ("line\nbreak", #""line\nbreak""#), ("\r\n", #""\u000d\n""#), ("tab\t", #""tab\u0009""#),
            ("\u{0}", #""\u0000""#), ("\u{1B}[31m", #""\u001b[31m""#), ("\u{7F}", #""\u007f""#),
            ("\u{85}\u{9B}", #""\u0085\u009b""#), ("naïve 🙂", #""naïve 🙂""#), ("é", #""é""#),
        ])
    func quoted(_ text: String, _ expected: String) {
        #expect(LogfmtHandler.quoted(text) == expected)
        #expect(!LogfmtHandler.quoted(text).unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("A burst of lines is written each second; what was left out is told with the next that is written")
    func limit() {
        var limit = LogLimit(burst: 3)
        let second: UInt64 = 1_000_000_000
        var written: [(UInt64, Int)] = []
        for time in [
            5 * second, 5 * second + 1, 6 * second - 1, 6 * second - 1, 6 * second - 1, 6 * second, 9 * second,
        ] {
            let (isAdmitted, suppressed) = limit.admit(at: time)
            if isAdmitted { written.append((time / second, suppressed)) }
        }
        #expect(written.map(\.0) == [5, 5, 5, 6, 9])
        #expect(written.map(\.1) == [0, 0, 0, 2, 0])
    }

    @Test("In the first second of the clock there is a burst, too, and none of 0 lines")
    func limitAtStart() {
        var limit = LogLimit(burst: 1)
        #expect(limit.admit(at: 0) == (true, 0))
        #expect(limit.admit(at: 1) == (false, 0))
        #expect(limit.admit(at: 1_000_000_000) == (true, 1))
        var closed = LogLimit(burst: 0)
        #expect(closed.admit(at: 7_000_000_000) == (false, 0))
    }
}
