import JSON
import Testing

@Suite struct JSONReaderTests {
    @Test("an object is read member by member, in the order of the text, and unread values are skipped")
    func readsMembers() throws {
        let text = Array(
            #" {"skip" : {"a":[1,{"b":"}"}]}, "title":"Oat \u006dilk", "done": true, "more":[], "title":null} "#.utf8)
        var reader = JSONReader(text.span)
        var title: [String?] = []
        var done: Bool?
        #expect(try reader.beginObject())
        while let name = try reader.nextMember() {
            switch name {
            case "title": title.append(try reader.readString())
            case "done": done = try reader.readBoolean()
            default: break
            }
        }
        try reader.finish()
        #expect(title == ["Oat milk", nil])
        #expect(done == true)
    }

    @Test(
        "a name equals a literal however it is escaped, and no other text does",
        arguments: [
            (#"title"#, true), (#"\u0074itle"#, true), (#"\u0074\u0069\u0074\u006C\u0065"#, true), (#"Title"#, false),
            (#"titl"#, false), (#"title\u0000"#, false), (#"titles"#, false), (#""#, false), (#"tit\/le"#, false),
        ])
    func comparesNames(spelling: String, isTitle: Bool) throws {
        let text = Array(#"{"\#(spelling)":1}"#.utf8)
        var reader = JSONReader(text.span)
        #expect(try reader.beginObject())
        let name = try reader.nextMember()!
        let isEqual = name == "title"
        #expect(isEqual == isTitle)
    }

    @Test("names are compared as code points, not by canonical equivalence")
    func comparesCodePoints() throws {
        let text = Array(#"["\u212Aey", "\u00e9", "e\u0301"]"#.utf8)
        var reader = JSONReader(text.span)
        #expect(try reader.beginArray())
        var equal: [Bool] = []
        while try reader.nextElement() {
            let value = try reader.readText()!
            equal.append(value == "Key" || value == "é")
        }
        #expect(equal == [false, true, false])
    }

    @Test("a value of another kind than requested stays unread and can be read or skipped")
    func anotherKindIsNoError() throws {
        let text = Array(#"{"a":{"x":[1,2]},"b":"s","c":null,"d":7}"#.utf8)
        var reader = JSONReader(text.span)
        #expect(try !reader.beginArray())
        #expect(try reader.readString() == nil)
        #expect(try reader.readBoolean() == nil)
        #expect(try !reader.readNull())
        #expect(try reader.kind() == .object)
        #expect(try reader.beginObject())
        var seen: [String] = []
        while let name = try reader.nextMember() {
            seen.append(String(name))
            if try reader.readNull() {
                seen.append("null")
            } else if let value = try reader.readString() {
                seen.append(value)
            }
        }
        try reader.finish()
        #expect(seen == ["a", "b", "s", "c", "null", "d"])
    }

    @Test(
        "a wrong value before a syntax error: the syntax error is found by finishing",
        arguments: [
            #"{"title":5,"completed":tru}"#, #"{"title":5"#, #"{"title":5}}"#, #"{"title":{"x":[}]}}"#,
            #"{"title":5,}"#,
        ])
    func syntaxErrorsWin(text: String) {
        let text = Array(text.utf8)
        #expect(throws: JSONError.self) {
            var reader = JSONReader(text.span)
            try #require(try reader.beginObject())
            try #require(try reader.nextMember() != nil)
            #expect(try reader.readString() == nil)
            try reader.finish()
        }
    }

    @Test("finishing from anywhere accepts a text whose rest is JSON")
    func finishesFromWithin() throws {
        let text = Array(#"[[1,{"a":[true,{"b":"c"}]}],{}] "#.utf8)
        var reader = JSONReader(text.span)
        #expect(try reader.beginArray())
        #expect(try reader.nextElement())
        #expect(try reader.beginArray())
        #expect(try reader.nextElement())
        #expect(try reader.nextElement())
        #expect(try reader.beginObject())
        try reader.finish()
    }

    @Test(
        "an error has its reason and the offset of the byte",
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1", .unexpectedEnd, 2),
            ("{\"a\"", .unexpectedEnd, 4),
            ("\"abc", .unexpectedEnd, 4), ("tru", .unexpectedEnd, 3), ("-", .unexpectedEnd, 1),
            ("1.", .unexpectedEnd, 2),
            ("\u{feff}{}", .byteOrderMark, 0), ("{} x", .unexpectedByte, 3), ("[1 2]", .unexpectedByte, 3),
            ("[1,]", .unexpectedByte, 3), ("{,}", .unexpectedByte, 1), ("{\"a\":1,}", .unexpectedByte, 7),
            ("{\"a\" 1}", .unexpectedByte, 5), ("[1}", .unexpectedByte, 2), ("]", .unexpectedByte, 0),
            ("{1:2}", .unexpectedByte, 1), ("\u{b}1", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
            ("nil!", .unknownWord, 0), ("True", .unknownWord, 0), ("NaN", .unknownWord, 0),
            ("truefalse", .unexpectedByte, 4),
            ("01", .malformedNumber, 0), ("-01", .malformedNumber, 0), ("-x", .malformedNumber, 1),
            ("1.e5", .malformedNumber, 2), ("1e+", .unexpectedEnd, 3), ("1e+x", .malformedNumber, 3),
            ("+1", .unexpectedByte, 0),
            (".5", .unexpectedByte, 0), ("\"a\nb\"", .controlCharacter, 2),
            ("\"12345678\u{1f}\"", .controlCharacter, 9),
            (#""\x""#, .malformedEscape, 1), (#""\u12g4""#, .malformedEscape, 1), (#""\u123"#, .unexpectedEnd, 6),
            (#""\uD800""#, .loneSurrogate, 1), (#""\uDC00""#, .loneSurrogate, 1),
            (#""\uD800\n1234""#, .loneSurrogate, 1),
            (#""\uD800\uD800""#, .loneSurrogate, 1), (#""\uD83D\uDE0""#, .malformedEscape, 7),
        ] as [(String, JSONError.Reason, Int)])
    func namesTheError(text: String, reason: JSONError.Reason, offset: Int) throws {
        let error = try #require(judge(text))
        #expect(error.reason == reason)
        #expect(error.offset == offset)
        #expect(error.description.hasPrefix("Not JSON at byte \(offset): "))
    }

    @Test(
        "a string with invalid UTF-8 is refused, at every position in a word",
        arguments: [
            [0x80], [0xbf], [0xc0, 0xaf], [0xc1, 0xbf], [0xc3], [0xc3, 0x28], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf],
            [0xe2, 0x82], [0xe2, 0x28, 0xa1], [0xe2, 0x82, 0x28], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf],
            [0xf0, 0x80, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80],
            [0xf5, 0x80, 0x80, 0x80], [0xfe], [0xff],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) {
        for before in 0..<10 {
            let text = [0x22] + [UInt8](repeating: 0x61, count: before) + bytes + [0x22, 0x20, 0x20, 0x20]
            #expect(judge(text)?.reason == .invalidUTF8, "after \(before) letters")
            #expect(judge(text)?.offset == before + 1)
        }
    }

    @Test("every Unicode scalar is read as itself, raw and escaped")
    func readsEveryScalar() throws {
        for value in UInt32(0)...0x10ffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            // A sample beyond the two-byte forms: each first and last byte still occurs.
            guard value < 0x900 || value % 61 < 2 || value & 0xfff > 0xffd else { continue }
            let text = String(Character(scalar))
            let escaped = text.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
            let read = try tree("\"\(escaped)\"")
            guard case .string(let string) = read, string.utf8.elementsEqual(text.utf8) else {
                Issue.record("escaped U+\(String(value, radix: 16))")
                return
            }
            guard value >= 0x20, value != 0x22, value != 0x5c else { continue }
            guard case .string(let raw) = try tree("\"\(text)\""), raw.utf8.elementsEqual(text.utf8) else {
                Issue.record("raw U+\(String(value, radix: 16))")
                return
            }
        }
    }

    @Test(
        "escapes are decoded as in RFC 8259",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u00E9""#, "éé"), (#""\uD83D\uDE00""#, "😀"),
            (#""a\ud83d\ude00z""#, "a😀z"), (#""\u0000""#, "\0"), (#""\uFFFF\uE000\uD7FF""#, "\u{ffff}\u{e000}\u{d7ff}"),
            (#""\uDBFF\uDFFF""#, "\u{10ffff}"), (#""""#, ""), (#""\\u0041""#, #"\u0041"#), ("\"\u{7f}\"", "\u{7f}"),
        ])
    func readsEscapes(text: String, value: String) throws {
        #expect(try tree(text) == .string(value))
    }

    @Test(
        "code points are counted without a String, and U+0000 is found",
        arguments: [
            ("", 0, false), ("abc", 3, false), ("é😀ا", 3, false), (#"\u00e9\uD83D\uDE00\n"#, 3, false),
            (#"a\u0000b"#, 3, true),
            (#"\\u0000"#, 6, false), ("e\u{301}", 2, false), (#"üü\u0000"#, 3, true), ("👩‍👩‍👧", 5, false),
        ])
    func countsCodePoints(text: String, count: Int, containsNUL: Bool) throws {
        let bytes = Array("\"\(text)\"".utf8)
        var reader = JSONReader(bytes.span)
        let read = try reader.readText()!
        let (readCount, readNull) = (read.codePointCount, read.containsNUL)
        #expect(readCount == count)
        #expect(readNull == containsNUL)
        #expect(String(read).unicodeScalars.count == count)
    }

    @Test(
        "numbers are exact where an Int64 holds them, else the nearest Double",
        arguments: [
            ("0", .integer(0)), ("-0", .integer(0)), ("7", .integer(7)), ("-12", .integer(-12)),
            ("9007199254740993", .integer(9_007_199_254_740_993)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .real(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .real(-9_223_372_036_854_775_808)),
            ("18446744073709551616", .real(18_446_744_073_709_551_616)),
            ("92233720368547758070", .real(92_233_720_368_547_758_080)), ("1.0", .real(1)), ("-0.0", .real(-0.0)),
            ("1e3", .real(1_000)),
            ("1E+2", .real(100)), ("25e-2", .real(0.25)), ("0.1", .real(0.1)), ("1e400", .real(.infinity)),
            ("-1e400", .real(-.infinity)), ("1e-400", .real(0)),
            ("123456789012345678901234567890", .real(123456789012345677877719597056)),
            ("0e1", .real(0)), ("1.7976931348623157e308", .real(.greatestFiniteMagnitude)),
            ("5e-324", .real(.leastNonzeroMagnitude)),
        ] as [(String, Tree)])
    func readsNumbers(text: String, value: Tree) throws {
        #expect(try tree(text) == value)
        #expect(try tree("[ \(text) ]") == .array([value]))
        let bytes = Array("\(text) ".utf8)
        var reader = JSONReader(bytes.span)
        let number = try reader.readNumber()!
        let source = number.source
        #expect(String(decoding: (0..<source.count).map { source[$0] }, as: UTF8.self) == text)
    }

    @Test("values are nested up to the bound and not beyond", arguments: [0, 1, 2, 63, 64])
    func boundsDepth(maximum: Int) {
        func nested(_ depth: Int) -> String {
            let openings = (0..<depth).map { $0 % 2 == 0 ? "[" : "{\"a\":" }.joined()
            let closings = (0..<depth).reversed().map { $0 % 2 == 0 ? "]" : "}" }.joined()
            return openings + "1" + closings
        }
        #expect(judge(nested(maximum), maximumDepth: maximum) == nil)
        #expect(judge(nested(maximum + 1), maximumDepth: maximum)?.reason == .tooDeep)
        #expect(judge(String(repeating: "[", count: 100_000), maximumDepth: maximum)?.reason == .tooDeep)
    }

    @Test("the enclosing array or object continues after an inner one ends")
    func remembersLevels() throws {
        #expect(judge("[{\"a\":[[],{}]},[{}],{\"b\":{}}]") == nil)
        #expect(judge("[{\"a\":[[],{}]},[{}],{\"b\":{}]]")?.reason == .unexpectedByte)
    }

    @Test("after an error every further call throws")
    func staysBroken() throws {
        let text = Array("[1,nul0,[]]".utf8)
        var reader = JSONReader(text.span)
        var errors = 0
        #expect(try reader.beginArray())
        #expect(try reader.nextElement())
        #expect(try reader.nextElement())
        do { _ = try reader.readNull() } catch { errors += 1 }
        do { _ = try reader.nextElement() } catch { errors += 1 }
        do { _ = try reader.kind() } catch { errors += 1 }
        do { try reader.finish() } catch { errors += 1 }
        #expect(errors == 4)
    }

    static let document =
        #"{"ti\u0074le":"Buy öat 😀 \uD83D\uDE00\n","d":[-1.5e+10,0,{"x":{}}, true ,false,null,[]],"e":""}"#

    @Test("a text cut short at any byte is refused")
    func refusesTruncations() throws {
        let bytes = Array(Self.document.utf8)
        #expect(judge(bytes) == nil)
        for length in 0..<bytes.count {
            #expect(judge(Array(bytes[..<length])) != nil, "cut to \(length)")
        }
    }

    @Test("random changes of a text never trap, and both ways of reading agree")
    func survivesMutations() throws {
        var random = SplitMix(state: 2_026)
        let documents = [
            Self.document, #"{"title":"Buy oat milk","description":null,"completed":false,"id":12}"#,
            "[[[[1,2,3]]],\"\\\\\"]",
        ]
        var accepted = 0
        for round in 0..<60_000 {
            var bytes = Array(documents[round % documents.count].utf8)
            for _ in 0...random.next() % 3 {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] ^= 1 << UInt8(random.next() % 8)
                case 2: bytes.remove(at: place)
                default: bytes.insert(Array("\"\\{}[],:0-.eE\u{1}".utf8).randomElement(using: &random)!, at: place)
                }
            }
            let error = judge(bytes)
            do throws(JSONError) {
                _ = try tree(bytes)
                #expect(error == nil)
                accepted += 1
            } catch {
                #expect(error == judge(bytes))
            }
        }
        #expect(accepted > 1_000)
    }
}

/// The same numbers every time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
