internal import Base
import EventLoop
internal import Glibc

/// One request at the metrics address, from its first byte to the end of its answer; never blocks.
final class ScrapeConnection: EventSource {
    private unowned let server: MetricsServer
    private let loop: EventLoop
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var answer: [UInt8] = []
    private var sent = 0

    /// The time limit of one request, which usually takes milliseconds.
    private static var timeout: UInt64 { 5_000_000_000 }

    init(takingOwnershipOf descriptor: Int32, _ server: MetricsServer, on loop: EventLoop) throws(SystemError) {
        self.server = server
        self.loop = loop
        self.descriptor = descriptor
        super.init()
        try loop.add(self, descriptor: descriptor, for: .readable)
        loop.setTimer(self, at: loop.now + Self.timeout)
    }

    deinit {
        close(descriptor)
    }

    override func ready(_ readiness: Readiness) {
        if answer.isEmpty { receive() } else { send() }
    }

    override func timerFired() {
        end()
    }

    private func receive() {
        var part = [UInt8](repeating: 0, count: 4 << 10)
        let count = unsafe read(descriptor, &part, part.count)
        guard count > 0 else {
            if count == 0 || errno != EAGAIN { end() }
            return
        }
        received += part[..<count]
        switch ScrapeRequest(received) {
        case .incomplete: return
        case .metrics(let isHead): answer = ScrapeRequest.answer("200 OK", isHead: isHead, server.content())
        case .refused(let status): answer = ScrapeRequest.answer(status, Array("\(status)\n".utf8))
        }
        send()
    }

    private func send() {
        while sent < answer.count {
            let count = unsafe answer.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                guard count < 0, errno == EAGAIN, (try? loop.change(self, to: .writable)) != nil else { return end() }
                return
            }
            sent += count
        }
        // Unread input would make the kernel reset the connection before the peer has read the answer.
        shutdown(descriptor, Int32(SHUT_WR))
        var rest = [UInt8](repeating: 0, count: 4 << 10)
        _ = unsafe read(descriptor, &rest, rest.count)
        end()
    }

    /// Closes the connection in any state.
    func end() {
        loop.cancelTimer(self)
        loop.remove(self)
        server.ended(self)
    }
}
