import FastCGI
import Glibc
import Testing

@Suite("The queue of a listening socket")
struct ListenQueueTests {
    @Test("Connections that wait to be accepted are counted, and their limit is known")
    func counted() throws {
        let path = "/tmp/queue-test-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        let socket = try ListeningSocket.bound(to: path, backlog: 12)
        #expect(socket.queue()?.waiting == 0)
        #expect(socket.queue()?.limit == 12)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        var peers: [Int32] = []
        defer { for peer in peers { close(peer) } }
        for count in 1...5 {
            peers.append(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(peers[count - 1], $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(result == 0)
            #expect(socket.queue()?.waiting == count)
        }
    }
}
