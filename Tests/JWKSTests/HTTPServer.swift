import Glibc
import Synchronization

/// A real server on loopback: one thread, one connection at a time, answers of any bytes.
final class HTTPServer: Sendable {
    /// What the server does with a request.
    enum Answer: Sendable {
        /// A whole answer.
        case set(String)
        case status(Int, headers: [String], body: [UInt8])
        /// These bytes again and again, with a pause in milliseconds before each.
        case drip([UInt8], pause: UInt32)
        /// Nothing until the client closes the connection.
        case silence
        /// Closes the connection.
        case close
    }

    private struct State {
        var answer: Answer
        var requests: [String] = []
        var isEnding = false
    }

    let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    var url: String { "http://127.0.0.1:\(port)/api/auth/jwks" }
    var requests: [String] { state.withLock { $0.requests } }
    var answer: Answer {
        get { state.withLock { $0.answer } }
        set { state.withLock { $0.answer = newValue } }
    }

    init(_ answer: Answer, port wanted: UInt16 = 0) {
        state = Mutex(State(answer: answer))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = wanted.bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                precondition(bind(descriptor, generic, size) == 0 && listen(descriptor, 16) == 0)
                getsockname(descriptor, generic, &size)
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<HTTPServer>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }

    /// Stops the server and closes its port.
    func stop() {
        state.withLock { $0.isEnding = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func run() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            serve(client)
            close(client)
        }
        close(listener)
    }

    private func serve(_ client: Int32) {
        var request = [UInt8](repeating: 0, count: 8192)
        let count = read(client, &request, request.count)
        guard count > 0 else { return }
        let text = String(decoding: request[..<count], as: UTF8.self)
        let answer = state.withLock { state in
            state.requests.append(text)
            return state.answer
        }
        switch answer {
        case .set(let json):
            write(client, "HTTP/1.1 200 OK\r\nContent-Length: \(json.utf8.count)\r\nConnection: close\r\n\r\n\(json)")
        case .status(let status, let headers, let body):
            write(
                client, "HTTP/1.1 \(status) X\r\n\((headers + ["Connection: close"]).joined(separator: "\r\n"))\r\n\r\n"
            )
            write(client, body)
        case .drip(let bytes, let pause):
            write(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            repeat { usleep(pause * 1_000) } while write(client, bytes)
        case .silence:
            _ = read(client, &request, request.count)
        case .close:
            break
        }
    }

    private func write(_ client: Int32, _ text: String) { write(client, Array(text.utf8)) }

    /// Whether the client still reads.
    @discardableResult
    private func write(_ client: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let part = send(client, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard part > 0, !state.withLock({ $0.isEnding }) else { return false }
            sent += part
        }
        return true
    }
}
