import Glibc

/// What LeakSanitizer leaves out where the tests are built with it: XCTest does not free its empty run.
@_cdecl("__lsan_default_suppressions")
public func leakSuppressions() -> UnsafePointer<CChar> {
    let list: StaticString = "leak:libXCTest.so\n"
    return UnsafeRawPointer(list.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Runs work whose memory LeakSanitizer, where there is one, does not ask for.
///
/// libfcgi never frees what it allocates for a record of the connection; no web server we know sends one.
func allowingLeaks(_ work: () throws -> Void) rethrows {
    call("__lsan_disable")
    defer { call("__lsan_enable") }
    try work()
}

private func call(_ function: String) {
    guard let address = dlsym(nil, function) else { return }
    unsafeBitCast(address, to: (@convention(c) () -> Void).self)()
}
