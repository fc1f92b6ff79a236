import Base
import FastCGI
import Glibc
import Testing

extension FastCGITests {
    @Suite("Listening sockets")
    struct ListeningSocketTests {
        private let path = temporaryPath()

        /// The code that `bound` throws; nil when it binds.
        private func refusal(_ path: String) -> Int32? {
            do throws(SystemError) {
                _ = try ListeningSocket.bound(to: path)
                return nil
            } catch {
                return error.code
            }
        }

        private func status(_ path: String) -> stat? {
            var status = stat()
            return lstat(path, &status) == 0 ? status : nil
        }

        @Test("Only its user and group may connect to it, with any umask")
        func mode() throws {
            defer { removeFolder(of: path) }
            let socket = try ListeningSocket.bound(to: path)
            let mode = try #require(status(path)).st_mode
            #expect(mode & S_IFMT == S_IFSOCK)
            #expect(mode & 0o7777 == 0o660)
            withExtendedLifetime(socket) {}
        }

        @Test("Its file is removed when it is closed")
        func removed() throws {
            defer { removeFolder(of: path) }
            do { _ = try ListeningSocket.bound(to: path) }
            #expect(status(path) == nil)
        }

        @Test("A socket with a listener is refused and not changed")
        func live() throws {
            defer { removeFolder(of: path) }
            let bench = try Bench()
            #expect(refusal(bench.path) == EADDRINUSE)
            #expect(status(bench.path) != nil)
            // The check for a listener was a connection, too.
            try bench.turn(3)
            #expect(bench.server.connectionCount == 0)
            #expect(try bench.serves())
        }

        @Test("A socket file whose process is gone is replaced")
        func stale() throws {
            defer { removeFolder(of: path) }
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
            close(descriptor)
            #expect(status(path) != nil)
            let socket = try ListeningSocket.bound(to: path)
            Peer(to: path).close()
            withExtendedLifetime(socket) {}
        }

        @Test("A file of another kind is refused and not changed", arguments: ["file", "folder", "link", "pipe"])
        func otherFiles(_ kind: String) throws {
            let target = path + ".target"
            defer {
                unlink(target)
                rmdir(path)
                removeFolder(of: path)
            }
            switch kind {
            case "file": close(open(path, O_CREAT | O_WRONLY, 0o600))
            case "folder": mkdir(path, 0o700)
            case "link":
                close(open(target, O_CREAT | O_WRONLY, 0o600))
                symlink(target, path)
            default: mkfifo(path, 0o600)
            }
            let before = try #require(status(path))
            #expect(refusal(path) == EADDRINUSE)
            let after = try #require(status(path))
            #expect(before.st_ino == after.st_ino && before.st_mode == after.st_mode)
        }

        @Test("Paths of up to 107 bytes are taken", arguments: [106, 107, 108, 109, 4_000])
        func lengths(_ length: Int) throws {
            let folder = String(path.dropLast("/socket".count))
            let long = folder + "/" + String(repeating: "s", count: length - folder.utf8.count - 1)
            defer {
                unlink(long)
                removeFolder(of: path)
            }
            #expect(refusal(long) == (length > 107 ? ENAMETOOLONG : nil))
        }

        @Test("An impossible path is refused", arguments: ["", "/nowhere/at/all/socket", "/proc/socket"])
        func impossible(_ path: String) {
            defer { removeFolder(of: self.path) }
            #expect(refusal(path) != nil)
        }

        @Test("A listening socket that was open when the process started is taken over, and does not block")
        func inherited() throws {
            defer { removeFolder(of: path) }
            let original = try ListeningSocket.bound(to: path)
            let descriptor = try #require(openListeners(path).first)
            let copy = dup(descriptor)
            _ = fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK)
            let socket = try ListeningSocket.inherited(copy)
            #expect(fcntl(copy, F_GETFL) & O_NONBLOCK != 0)
            withExtendedLifetime((original, socket)) {}
        }

        @Test("A descriptor that is no listening socket is refused")
        func notListening() throws {
            defer { removeFolder(of: path) }
            func refusal(_ descriptor: Int32) -> Int32? {
                do throws(SystemError) {
                    _ = try ListeningSocket.inherited(descriptor)
                    return nil
                } catch {
                    return error.code
                }
            }
            let file = open("/dev/null", O_RDONLY)
            let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer {
                close(file)
                close(socket)
            }
            #expect(refusal(file) == ENOTSOCK)
            #expect(refusal(socket) == EINVAL)
            #expect(refusal(-1) == EBADF)
        }

        /// The descriptors of this process that listen at a path.
        private func openListeners(_ path: String) -> [Int32] {
            (0..<1_024).filter { descriptor in
                var address = sockaddr_un()
                var size = socklen_t(MemoryLayout<sockaddr_un>.size)
                let result = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
                }
                guard result == 0, address.sun_family == sa_family_t(AF_UNIX) else { return false }
                return withUnsafeBytes(of: &address.sun_path) { $0.prefix { $0 != 0 }.elementsEqual(path.utf8) }
            }
        }
    }
}
