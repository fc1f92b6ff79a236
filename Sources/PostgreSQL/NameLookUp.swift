internal import Base
internal import EventLoop
internal import Glibc
internal import Synchronization

/// Looks host names up on a thread of its own, which hangs for as long as the name server is silent.
final class NameLookUp: Sendable {
    /// The result of one look-up.
    enum Answer: Equatable, Sendable {
        case addresses([String])
        /// The reason, in the system's words.
        case failed(String)
    }

    /// Looks one name up, and waits for as long as that takes.
    typealias Resolver = @Sendable (String) -> Answer

    /// What both threads use.
    private struct Mailbox {
        var isRunning = false
        var answers: [(name: String, answer: Answer)] = []
    }

    private let mailbox = Mutex(Mailbox())
    private let bell: Doorbell
    private let resolve: Resolver

    /// - Parameter bell: rung after each name that was looked up, and at the end.
    init(answers bell: Doorbell, resolve: @escaping Resolver = addresses) {
        self.bell = bell
        self.resolve = resolve
    }

    /// Whether names are being looked up.
    var isRunning: Bool { mailbox.withLock { $0.isRunning } }

    /// Looks names up, one after the other; only when none are being looked up.
    func start(_ names: [String]) throws(SystemError) {
        mailbox.withLock { $0.isRunning = true }
        do throws(SystemError) {
            try BackgroundThread.run { [self] in
                for name in names {
                    let answer = resolve(name)
                    mailbox.withLock { $0.answers.append((name, answer)) }
                    bell.ring()
                }
                mailbox.withLock { $0.isRunning = false }
                bell.ring()
            }
        } catch {
            mailbox.withLock { $0.isRunning = false }
            throw error
        }
    }

    /// The results since the last call.
    func takeAnswers() -> [(name: String, answer: Answer)] {
        mailbox.withLock { box in
            defer { box.answers = [] }
            return box.answers
        }
    }

    /// The addresses of a name in the order in which they should be tried.
    ///
    /// The corresponding C function is `getaddrinfo`.
    static func addresses(of name: String) -> Answer {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else { return .failed(unsafe String(cString: gai_strerror(code))) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isRead = unsafe getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if isRead == 0, !addresses.contains(address) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failed("no address") : .addresses(addresses)
    }
}
