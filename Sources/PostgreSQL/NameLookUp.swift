internal import Base
internal import EventLoop
internal import Glibc
internal import Synchronization

/// Looks up host names on a thread of its own, which blocks for as long as the name server does not answer.
final class NameLookUp: Sendable {
    /// The result of one look-up.
    enum Answer: Equatable, Sendable {
        case addresses([String])
        /// The system's error message.
        case failed(String)
    }

    /// Looks up one name; blocks.
    typealias Resolver = @Sendable (String) -> Answer

    /// The state shared by both threads.
    private struct Shared {
        var isRunning = false
        var answers: [(name: String, answer: Answer)] = []
    }

    private let shared = Mutex(Shared())
    private let signal: EventSignal
    private let resolve: Resolver

    /// - Parameter signal: notified after each name, and at the end.
    init(answers signal: EventSignal, resolve: @escaping Resolver = addresses) {
        self.signal = signal
        self.resolve = resolve
    }

    /// Whether names are being looked up.
    var isRunning: Bool { shared.withLock { $0.isRunning } }

    /// Looks up names in turn; call it only when `isRunning` is false.
    func start(_ names: [String]) throws(SystemError) {
        shared.withLock { $0.isRunning = true }
        do throws(SystemError) {
            try BackgroundThread.run { [self] in
                for name in names {
                    let answer = resolve(name)
                    shared.withLock { $0.answers.append((name, answer)) }
                    signal.notify()
                }
                shared.withLock { $0.isRunning = false }
                signal.notify()
            }
        } catch {
            shared.withLock { $0.isRunning = false }
            throw error
        }
    }

    /// The results since the last call.
    func takeAnswers() -> [(name: String, answer: Answer)] {
        shared.withLock { shared in
            defer { shared.answers = [] }
            return shared.answers
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
