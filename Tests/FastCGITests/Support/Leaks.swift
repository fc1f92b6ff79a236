import Glibc

/// What LeakSanitizer leaves out where the tests are built with it: XCTest does not free its empty run.
@_cdecl("__lsan_default_suppressions")
public func leakSuppressions() -> UnsafePointer<CChar> {
    let list: StaticString = "leak:libXCTest.so\n"
    return UnsafeRawPointer(list.utf8Start).assumingMemoryBound(to: CChar.self)
}
