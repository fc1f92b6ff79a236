import Base
import Glibc
import Testing

@Suite struct SystemTests {
    @Test("The error of a failed call names the call and has the system's message")
    func errors() {
        #expect("\(SystemError("open", code: ENOENT))" == "open: No such file or directory")
        let error = #expect(throws: SystemError.self) { try checked("close", close(-1)) }
        #expect(error == SystemError("close", code: EBADF))
    }

    @Test("An array of C strings ends with NULL, and nil is NULL")
    func cStrings() {
        withCStringArray(["one", nil, "", "é"]) { texts in
            #expect(String(cString: texts[0]!) == "one" && texts[1] == nil)
            #expect(String(cString: texts[2]!) == "" && String(cString: texts[3]!) == "é")
            #expect(texts[4] == nil)
        }
    }

    @Test("A unix address is as long as its path with the NUL, or its abstract name, at most 107 bytes")
    func addresses() throws {
        let head = 2
        let longest = String(repeating: "p", count: UnixAddress.maximumPathBytes)
        #expect(try #require(UnixAddress(path: "/tmp/s")).withPointer { $1 } == socklen_t(head + 7))
        #expect(try #require(UnixAddress(abstractName: "name")).withPointer { $1 } == socklen_t(head + 5))
        #expect(try #require(UnixAddress(path: longest)).withPointer { $1 } == socklen_t(head + 108))
        #expect(UnixAddress(path: longest + "p") == nil && UnixAddress(abstractName: longest + "p") == nil)
    }

    @Test("The environment is split by bytes, also before a combining mark")
    func environment() {
        setenv("TODO_TESTS_PLAIN", "a=b=c", 1)
        setenv("TODO_TESTS_MARK", "\u{301}mark", 1)
        setenv("TODO_TESTS_EMPTY", "", 1)
        defer { for name in ["PLAIN", "MARK", "EMPTY"] { unsetenv("TODO_TESTS_\(name)") } }
        let variables = Environment.variables()
        #expect(variables["TODO_TESTS_PLAIN"] == "a=b=c")
        #expect(variables["TODO_TESTS_MARK"] == "\u{301}mark")
        #expect(variables["TODO_TESTS_EMPTY"] == "")
        #expect(Environment.variable("TODO_TESTS_PLAIN") == "a=b=c")
        #expect(Environment.variable("TODO_TESTS_NONE") == nil)
    }

    @Test("A file is read whole, or to one byte beyond the limit; a text file without its last line breaks")
    func files() throws {
        let path = "/tmp/base-tests-\(getpid())-\(UInt64.random(in: .min ... .max))"
        defer { unlink(path) }
        try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(Array("text\r\n\n".utf8))
        #expect(try OpenFile(path, O_RDONLY).contents(limit: 100) == Array("text\r\n\n".utf8))
        #expect(try OpenFile(path, O_RDONLY).contents(limit: 2) == Array("tex".utf8))
        #expect(try TextFile.read(path) == "text")
        #expect(TextFile.modificationTime(path) != nil && TextFile.modificationTime(path + "-") == nil)
        #expect(!TextFile.isDirectory(path) && TextFile.isDirectory("/tmp"))
        try OpenFile(path, O_WRONLY | O_TRUNC).write([0xff])
        #expect(throws: SystemError("read", code: EILSEQ)) { try TextFile.read(path) }
        try OpenFile(path, O_WRONLY | O_TRUNC).write([UInt8](repeating: 0x61, count: 64 << 10))
        #expect(throws: SystemError("read", code: EFBIG)) { try TextFile.read(path) }
        #expect(throws: SystemError("open", code: ENOENT)) { try TextFile.read(path + "-") }
    }
}
