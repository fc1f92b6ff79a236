import EventLoop
import Glibc
import Testing

@testable import FastCGI

extension FastCGITests {
    @Suite("Connections from another host")
    struct TCPTests {
        /// A bench that listens on a port of this machine, and the port.
        private static func bench() throws -> (Bench, UInt16) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            try #require(loopback(0) { bind(descriptor, $0, $1) } == 0)
            try #require(listen(descriptor, 16) == 0)
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
            try #require(result == 0)
            return (try Bench(on: .inherited(descriptor)), UInt16(bigEndian: address.sin_port))
        }

        private static func option(_ level: Int32, _ option: Int32, of descriptor: Int32) -> Int32 {
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            precondition(getsockopt(descriptor, level, option, &value, &size) == 0, "getsockopt: \(errno)")
            return value
        }

        @Test(
            "TCP connections have TCP_NODELAY and keepalive within a minute; unix sockets have no keepalive")
        func options() throws {
            let (bench, port) = try Self.bench()
            let tcp = Int32(IPPROTO_TCP)
            var isSeen = false
            bench.recorder.observe = { connection in
                isSeen = true
                #expect(Self.option(SOL_SOCKET, SO_KEEPALIVE, of: connection.descriptor) == 1)
                let idle = Self.option(tcp, TCP_KEEPIDLE, of: connection.descriptor)
                let interval = Self.option(tcp, TCP_KEEPINTVL, of: connection.descriptor)
                #expect(idle + interval * Self.option(tcp, TCP_KEEPCNT, of: connection.descriptor) <= 60)
                #expect(Self.option(tcp, TCP_NODELAY, of: connection.descriptor) == 1)
            }
            #expect(try bench.serves(Peer(toPort: port)))
            #expect(isSeen)

            let local = try Bench()
            local.recorder.observe = {
                #expect(Self.option(SOL_SOCKET, SO_KEEPALIVE, of: $0.descriptor) == 0)
            }
            #expect(try local.serves())
        }

        @Test("Requests in pieces and large answers are served, again and again")
        func served() throws {
            let (bench, port) = try Self.bench()
            let answer = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 / 7) }
            bench.recorder.answer = answer
            let peer = Peer(toPort: port)
            let call = Call("POST", "/", body: [UInt8](repeating: 7, count: 100_000))
            for round in 1...3 {
                for start in stride(from: 0, to: call.bytes.count, by: 30_000) {
                    peer.send(Array(call.bytes.dropFirst(start).prefix(30_000)))
                    try bench.turn(2)
                }
                #expect(try bench.turn { peer.replies.count == round })
                #expect(peer.replies.last?.output == answer)
            }
            #expect(bench.recorder.received.allSatisfy { $0.body == call.body })
        }

        @Test("A peer that resets the connection while its request runs is reported")
        func reset() throws {
            let (bench, port) = try Self.bench()
            bench.recorder.answer = nil
            let peer = Peer(toPort: port)
            peer.send(Call())
            #expect(try bench.turn { bench.recorder.received.count == 1 })
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            peer.close()
            #expect(try bench.turn { bench.server.connectionCount == 0 })
            #expect(bench.recorder.abandoned == bench.recorder.received.map(\.id))
        }

        @Test("A peer that closes while parts are sent to it is reported")
        func closed() throws {
            let (bench, port) = try Self.bench()
            bench.recorder.answer = nil
            let peer = Peer(toPort: port)
            peer.send(Call())
            #expect(try bench.turn { bench.recorder.received.count == 1 })
            let id = try #require(bench.recorder.received.first?.id)
            peer.close()
            let part = [UInt8](repeating: 7, count: 10_000)
            #expect(
                try bench.turn {
                    bench.server.connection(running: id)?.send(part.span)
                    return bench.server.connectionCount == 0
                })
            #expect(bench.recorder.abandoned == [id])
        }
    }
}
